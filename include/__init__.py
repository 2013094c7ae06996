"""What the DAG and the plugins read: settings, parameters, expectation suites, the report."""
