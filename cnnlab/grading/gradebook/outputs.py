"""What is kept of the outputs of strangers' cells: text and pictures, within limits."""

import base64
import binascii
import re
from typing import Any

from cnnlab.grading.texts import tr

OUTPUT_LIMIT = 4_000_000  # characters of all outputs of a submission that are kept
PNG = b"\x89PNG\r\n\x1a\n"
PIXELS_LIMIT = 20_000_000  # of a picture: a few bytes can be told to be a gigabyte
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def harmless(outputs: list[list[dict]]) -> list[list[dict]]:
    """Of outputs that come from strangers, the text and the pictures, within limits."""
    left = OUTPUT_LIMIT
    kept: list[list[dict]] = []
    for cell in outputs:
        kept.append([])
        for output in filter(None, map(_harmless, cell)):
            left -= sum(map(len, output.values()))
            if left < 0:
                text = tr("… and more, which was left out.")
                kept[-1].append({"kind": "text", "text": text})
                break
            kept[-1].append(output)
    return kept


def _harmless(output: dict) -> dict[str, str] | None:
    kind = output.get("output_type")
    if kind == "stream":
        return {"kind": "text", "text": plain(output.get("text"))}
    if kind == "error":
        trace = output.get("traceback")
        lines = trace if isinstance(trace, list) else [output.get("ename"), output.get("evalue")]
        return {"kind": "error", "text": plain("\n".join(map(str, lines)))}
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    if picture := _picture(data.get("image/png")):
        return {"kind": "picture", "png": picture}
    return {"kind": "text", "text": plain(data.get("text/plain"))}


def plain(text: Any) -> str:
    """Text as a terminal leaves it: without colours, and the last state of a progress bar."""
    text = ANSI.sub("", text) if isinstance(text, str) else ""
    lines = (line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    return "\n".join(CONTROL.sub("", line) for line in lines)


def _picture(text: Any) -> str:
    """Base64 of a PNG; empty if it is none, or too large for a screen."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (AttributeError, ValueError, binascii.Error):
        return ""
    if not data.startswith(PNG) or data[12:16] != b"IHDR":
        return ""
    width, height = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
    return base64.b64encode(data).decode() if width * height <= PIXELS_LIMIT else ""
