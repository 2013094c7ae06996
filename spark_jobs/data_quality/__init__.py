"""Raw records -> events and rejected records: every record is accepted, or rejected with its reason."""
