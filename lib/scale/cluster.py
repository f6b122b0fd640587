"""Ray, started on this machine or found where RAY_ADDRESS says; it tells nobody that it is used."""

import importlib.util
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.errors import UsageError, WorkerError
from lib.messages import N_
from lib.work.cores import usable_cores

ADDRESS_VARIABLE = "RAY_ADDRESS"
_ROOT = Path(__file__).resolve().parents[2]
# Ray counts this much for a worker, though each keeps a core busy: if it counted whole cores they would take all there
# are, and whatever else Ray wants to run would wait for ever and say nothing (ray-project/ray issue 44687).
CORES_A_WORKER = 0.5
# Paths and answers pass through it, never photos.
_STORE_BYTES = 512 * 2**20
# What Ray reads from the environment, before it is imported or when it starts.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it would tell its makers
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # it would warn of what cannot happen: this process owns what actors are made of
}


def require_ray() -> None:
    """Raise a UsageError if Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise UsageError(N_("--engine ray needs Ray, which is not installed: pip install -r requirements-scale.txt"))


@contextmanager
def ray_started(cores: int | None = None) -> Iterator[int]:
    """Yield how many cores Ray has, and end it, or leave the cluster, with the block.

    Args:
        cores: How many of this machine's it may use; None for all of them. Of a cluster that is there all are used.

    Raises:
        UsageError: Ray is not installed.
        WorkerError: It does not start, or is not found.
    """
    require_ray()
    on_sigterm = signal.getsignal(signal.SIGTERM)
    os.environ.update(_QUIET)
    import ray

    elsewhere = os.environ.get(ADDRESS_VARIABLE)
    here = {"num_cpus": cores or usable_cores(), "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    try:
        ray.init(
            address=elsewhere or "local",
            runtime_env=_shipped() if elsewhere else {"env_vars": {"PYTHONPATH": str(_ROOT)}},
            configure_logging=True,
            logging_level="error",
            log_to_driver=False,
            **({} if elsewhere else here),
        )
    except Exception as error:  # what Ray raises where it does not start in time is nothing more
        ray.shutdown()
        reason = str(error).partition("\n")[0].rstrip(".")
        raise WorkerError(N_("Ray could not be started: {reason}."), reason=reason) from error
    logging.getLogger("ray").setLevel(logging.ERROR)
    if callable(on_sigterm) and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_sigterm)  # in place of Ray's, which prints its own stack
    try:
        yield int(ray.cluster_resources().get("CPU", 0))
    finally:
        ray.shutdown()


def _shipped() -> dict[str, object]:
    """Return what other machines get of this program; its requirements have to be installed on them."""
    others = sorted(f"/{path.name}" for path in _ROOT.iterdir() if path.name not in ("lib", "models"))
    return {"working_dir": str(_ROOT), "excludes": others}
