"""What the package brings for a machine besides code: the DAGs, Airflow's configuration, the locked requirements.

They lie in this folder of an installed package, and beside the package in a checkout.
"""

from pathlib import Path

PARTS = ("dags", "airflow.cfg", "requirements-airflow.txt")
"""The names of what there is, as in the folder of an installed package."""

_HERE = Path(__file__).parent
_IN_A_CHECKOUT = {"airflow.cfg": "config/airflow/airflow.cfg"}


def path_of(part: str) -> Path:
    """Return where one of `PARTS` lies."""
    inside = _HERE / part
    return inside if inside.exists() else _HERE.parents[1] / _IN_A_CHECKOUT.get(part, part)
