"""A lesson that is open in JupyterLab, driven from Python."""

import re
import time

OPEN = """async ([path, factory]) => {
    const app = window.jupyterapp;
    await app.restored;
    window.lesson = await app.commands.execute('docmanager:open', {path, factory});
    const late = (_, fail) => setTimeout(fail, 60_000, Error(`${path} has not opened`));
    await Promise.race([lesson.context.ready, new Promise(late)]);
    await lesson.sessionContext.ready;
    await lesson.sessionContext.session.kernel.info;
    app.shell.activateById(lesson.id);
}"""
RUN = """(command) => {
    window.ended = false;
    jupyterapp.shell.activateById(lesson.id);
    jupyterapp.commands.execute(command).finally(() => { window.ended = true; });
}"""


class Lesson:
    """A lesson in its page; `factory` is what opens it, such as "Jupytext Notebook" for a .py."""

    def __init__(self, page, name):
        self.page = page
        factory = "Notebook" if name.endswith(".ipynb") else "Jupytext Notebook"
        page.evaluate(OPEN, [name, factory])

    def cells(self):
        """The cells as Lab has them, in nbformat."""
        return self.page.evaluate("lesson.content.model.toJSON().cells")

    def set_source(self, index, text):
        self.page.evaluate(
            "([i, text]) => lesson.content.model.cells.get(i).sharedModel.setSource(text)",
            [index, text],
        )

    def index(self, text):
        """Where the one code cell that holds a text stands."""
        cells = enumerate(self.cells())
        [found] = [i for i, c in cells if c["cell_type"] == "code" and text in source(c)]
        return found

    def change_parameters(self, values):
        [index] = [i for i, c in enumerate(self.cells()) if "parameters" in tags(c)]
        text = source(self.cells()[index])
        for name, value in values.items():
            text, count = re.subn(rf"(?m)^{name} = [^#\n]*", f"{name} = {value!r}  ", text)
            assert count == 1, f"no parameter {name}"
        self.set_source(index, text)

    def start(self, command="notebook:run-all-cells"):
        self.page.evaluate(RUN, command)

    def wait(self, seconds=180):
        """Until what was started has ended."""
        self.page.wait_for_function("window.ended", timeout=seconds * 1000)

    def until(self, holds, seconds=180):
        """Until something holds that must come before the end."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline and not self.page.evaluate("window.ended")
            self.page.wait_for_timeout(50)

    def running(self, index):
        """Whether a code cell runs, and does not only wait for those before it."""
        counts = [c["execution_count"] for c in self.cells()[: index + 1] if "outputs" in c]
        return all(counts[:-1]) and not counts[-1]

    def bars(self):
        """Of each progress bar that can be seen, how many epochs are done."""
        outputs = "lesson.node.querySelectorAll('.jp-OutputArea-output')"
        seen = f"[...{outputs}].map(one => one.textContent)"
        found = [re.search(r"(\d+)/\d+\s\[", text) for text in self.page.evaluate(seen)]
        return [int(one[1]) for one in found if one]

    def save(self):
        self.page.evaluate("async () => { await lesson.context.save(); }")

    def close(self):
        self.page.evaluate("async () => { await lesson.sessionContext.shutdown(); }")


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return cell["metadata"].get("tags", [])


def errors(cells):
    """What went wrong in the cells that were run, each as its name and message."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [(o["ename"], o["evalue"]) for o in outputs if o["output_type"] == "error"]


def printed(cells):
    """All that cells have printed."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
