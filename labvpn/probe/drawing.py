"""Elements of HTML and SVG as a tree: every text is escaped by the standard library when the page is written."""

from __future__ import annotations

from xml.etree import ElementTree

from labvpn.model.untrusted import plain

Element = ElementTree.Element


def element(tag: str, *content: Element | str, **attributes: object) -> Element:
    """An element with its text and children in order; `class_` becomes class, `stroke_width` stroke-width."""
    names = {name.rstrip("_").replace("_", "-"): _clean(value) for name, value in attributes.items()}
    made = Element(tag, names)
    for part in (one if isinstance(one, Element) else _clean(one) for one in content):
        if isinstance(part, Element):
            made.append(part)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + part
        else:
            made.text = (made.text or "") + part
    return made


def _clean(text: object) -> str:
    """A text without what reorders, hides or ends others; what HTML itself means by a character is escaped later."""
    return plain(text, keep="\n\t")


def drawing(width: float, height: float, label: str, *content: Element) -> Element:
    """An SVG that scales with the page; `label` says in words what it shows."""
    box = f"0 0 {width:g} {height:g}"
    return element("svg", *content, viewBox=box, role="img", aria_label=label, style=f"min-width: {width * 0.75:g}px")


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Element:
    """A line of the class `kind`."""
    return element("line", x1=f"{x1:g}", y1=f"{y1:g}", x2=f"{x2:g}", y2=f"{y2:g}", class_=f"line {kind}")


def words(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> Element:
    """A text of the class `kind` whose baseline is at y."""
    return element("text", text, x=f"{x:g}", y=f"{y:g}", class_=kind, text_anchor=anchor)


def written(root: Element) -> str:
    """The whole page as HTML."""
    return "<!doctype html>\n" + ElementTree.tostring(root, encoding="unicode", method="html")
