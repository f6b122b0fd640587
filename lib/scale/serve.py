"""The HTTP API on many cores or machines: Ray Serve, with the very app of `serve` in each replica.

A replica asks its models photo by photo: LiteRT gains nothing from batches on a CPU, and waiting for one costs
milliseconds. Each takes the models of the data folder on its own machine, which therefore have to be the same.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence

from starlette.applications import Starlette

from lib.api.app import build
from lib.errors import WorkerError
from lib.messages import N_
from lib.scale.cluster import CORES_A_WORKER, ray_started
from lib.server.door import SETTING, Names

# Requests that a replica has at once, on average, before another one is started; that it takes at most.
_TARGET, _MOST = 4, 64
_NAME = "discern"


def serve(host: str, port: int, own: Sequence[str], on_ready: Callable[[], None]) -> None:
    """Answer until interrupted.

    Args:
        host: Where each machine listens.
        port: Likewise.
        own: Names that the server goes by, beside those that are listed in the settings.
        on_ready: Called when there are answers.

    Raises:
        UsageError: Ray is not installed, or a setting cannot be meant so.
        WorkerError: Ray, or the app in it, does not start.
    """
    names = Names.of(list(own), os.environ.get(SETTING, ""))

    def app() -> Starlette:
        return build(names)

    app()  # a setting that cannot be meant so is told here
    with ray_started() as cores:
        from ray import serve as ray_serve

        logging.getLogger("ray.serve").setLevel(logging.ERROR)  # it tells of every step
        api = ray_serve.deployment(
            name="api",
            ray_actor_options={"num_cpus": CORES_A_WORKER},
            max_ongoing_requests=_MOST,
            autoscaling_config={"min_replicas": 1, "max_replicas": cores, "target_ongoing_requests": _TARGET},
        )(ray_serve.ingress(app)())
        try:
            ray_serve.start(http_options={"host": host, "port": port})
            ray_serve.run(api.bind(), name=_NAME, route_prefix="/")
        except RuntimeError as error:
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise WorkerError(N_("Ray could not be started: {reason}."), reason=reason) from error
        try:
            on_ready()
            threading.Event().wait()
        finally:
            ray_serve.delete(_NAME)  # a cluster would go on with it
