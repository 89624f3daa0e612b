"""UI: the operator's page, in a browser of its own or inside Airflow; read-only."""
