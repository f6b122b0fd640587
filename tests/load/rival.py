"""Gradio with the same model and photos, measured in the same run where it is there.

Its visitors send as its own page does: a photo is uploaded, then asked about, then the answer is waited for; one after
another, since the page takes one at a time.
"""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Sequence

from lib.catalogue.store import Store
from tests.load.options import Options
from tests.load.wire import NotAnsweredError, Wire
from tests.support.server import ROOT, Server, free_port

START_S = 120
_BOUNDARY = "photo"


def gradio_s(options: Options, photos: Sequence[bytes]) -> float | None:
    """Return how long Gradio takes until all visitors have all answers; None where it is not there."""
    if not options.gradio:
        print("Gradio is not measured beside it: --gradio PYTHON names a Python that has it.")
        return None
    folder, port = Store().open_folder(options.model), free_port()
    low, high = folder.spec.input.range
    files = str(folder.weights_path), str(folder.path / folder.spec.labels)
    process = subprocess.Popen(
        [options.gradio, str(ROOT / "tests" / "load" / "rival_app.py"), str(port), *files, str(low), str(high)],
        env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        return asyncio.run(_measure(Server(f"http://127.0.0.1:{port}", process), options, photos))
    finally:
        process.kill()
        process.wait(20)


async def _measure(server: Server, options: Options, photos: Sequence[bytes]) -> float:
    await _started(server)
    await _visitor(server, photos[:1])
    await asyncio.sleep(1)
    cycle = [*photos] * (1 + options.photos // len(photos) + options.visitors * 7 // len(photos))
    start = time.monotonic()
    theirs = [cycle[number * 7 : number * 7 + options.photos] for number in range(options.visitors)]
    await asyncio.gather(*(_visitor(server, mine) for mine in theirs))
    return time.monotonic() - start


async def _started(server: Server) -> None:
    for _ in range(START_S * 5):
        try:
            async with Wire(server) as wire:
                await wire.ask("GET", "/config")
            return
        except (OSError, NotAnsweredError):
            await asyncio.sleep(0.2)
            if server.process.poll() is not None:
                break
    raise NotAnsweredError("Gradio did not start.")


async def _visitor(server: Server, photos: Sequence[bytes]) -> None:
    async with Wire(server) as wire:
        for photo in photos:
            head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n'
            body = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + photo + f"\r\n--{_BOUNDARY}--\r\n".encode()
            kind = f"multipart/form-data; boundary={_BOUNDARY}"
            (path,) = json.loads((await wire.ask("POST", "/gradio_api/upload", body, kind)).body)
            data = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
            asked = await wire.ask("POST", "/gradio_api/call/classify", json.dumps(data).encode(), "application/json")
            told = await wire.ask("GET", f"/gradio_api/call/classify/{json.loads(asked.body)['event_id']}")
            if b"event: complete" not in told.body:
                raise NotAnsweredError(told.body[:300].decode())
