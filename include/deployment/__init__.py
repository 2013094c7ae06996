"""How the product is installed here: settings, parameters of a run, jars, secrets, the first start."""
