"""A chart → a file that stands by itself, drawn without a browser."""

import io

from lib.charts.palette import Spec


def alone(spec: Spec, *, width: int) -> Spec:
    """Return a chart that fills its place on a page as one of this width in pixels, on white."""
    return {**spec, "width": width, "background": "white"}


def to_svg(spec: Spec) -> bytes:
    """Return the drawing of a chart, by Altair's own saver."""
    import altair  # 0.3 s, and only who saves a drawing needs it

    drawing = io.StringIO()
    altair.Chart.from_dict(spec).save(drawing, format="svg")
    return drawing.getvalue().encode()
