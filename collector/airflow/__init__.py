"""Airflow: the one door to Airflow; what the DAGs and Airflow's own pages need of the collector."""
