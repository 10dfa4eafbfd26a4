"""Puts script, handlers and styles into outputs, errors, names, markdown, raw cells, ids and attachments."""

# %% answer
from IPython.display import HTML, SVG, Javascript, Markdown, display

EVIL = "<script>alert('evil')</script><img src=x onerror=alert('evil')>"
display(HTML(EVIL), Javascript("alert('evil')"), Markdown(EVIL), SVG(f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"alert('evil')\"/>"))
display({"text/html": EVIL, "image/svg+xml": EVIL, "image/png": '"><script>alert(\'evil\')</script>', "text/latex": EVIL}, raw=True)
print(EVIL, "\x1b]8;;javascript:alert('evil')\x1b\\link\x1b]8;;\x1b\\", "\x1b[31m<b onclick=alert('evil')>\x1b[0m")
print("tried")


def scale(x, factor):
    if factor > 2:
        raise type(EVIL, (Exception,), {})(EVIL)
    return type(EVIL, (), {})()


# %%
raise type("<script>alert('evil')</script>", (ValueError,), {})("<script>alert('evil')</script>")

# %% notebook
def spoil(notebook, folder):
    evil = "<script>alert('evil')</script><img src=x onerror=alert('evil')><a href=\"javascript:alert('evil')\">x</a>"
    more = "<svg/onload=alert('evil')> <iframe src=javascript:alert('evil')></iframe> <style>body{display:none}</style> ![x](javascript:alert('evil'))"
    data = {"image/png": "\"><script>alert('evil')</script>"}
    notebook["cells"] += [
        {"cell_type": "markdown", "id": "m1", "metadata": {}, "source": f"{evil}{more} ![y](attachment:y.png)", "attachments": {"y.png": data}},
        {"cell_type": "raw", "id": "r1", "metadata": {"raw_mimetype": "text/html"}, "source": evil + more},
        {"cell_type": "code", "id": "\"><script>alert('evil')</script>", "metadata": {"tags": [evil]}, "source": f"# {evil}", "outputs": [], "execution_count": None},
    ]
