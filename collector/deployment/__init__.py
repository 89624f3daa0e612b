"""What the package brings for a machine besides code: the DAGs, Airflow's configuration, the locked requirements.

They lie in this folder of an installed package, and beside the package in a checkout.
"""

from pathlib import Path

_HERE = Path(__file__).parent
_CHECKOUT = _HERE.parents[1]

PARTS = {
    "dags": (_HERE / "dags", _CHECKOUT / "dags"),
    "airflow.cfg": (_HERE / "airflow" / "airflow.cfg", _CHECKOUT / "config" / "airflow" / "airflow.cfg"),
    "requirements-airflow.txt": (_HERE / "requirements-airflow.txt", _CHECKOUT / "requirements-airflow.txt"),
}
"""What there is, by name: where it lies in an installed package, and where in a checkout."""


def path_of(part: str) -> Path:
    """Return where one of `PARTS` lies."""
    installed, beside = PARTS[part]
    return installed if installed.exists() else beside
