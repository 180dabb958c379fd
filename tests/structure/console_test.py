"""Rules of the web console (console/README.md). Each is also tried on a tree that breaks it."""

import pathlib
import re
import tempfile
import unittest

from include_table import ROOT

# Texts of users stay texts: React escapes them, and these would not.
AS_MARKUP = re.compile(r"\b(dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|srcdoc|srcDoc|DOMParser|document\.write|createContextualFragment)\b|\beval\(|\bnew Function\(")
# The console, and the packages that it contains.
SOURCES = ("console/src", "clients/admin/src", "clients/client/src")


def sources(root, folders=SOURCES):
    for folder in folders:
        for path in sorted((root / folder).rglob("*.ts*")):
            yield path, path.relative_to(root).as_posix()


def texts_as_markup(root):
    for path, name in sources(root):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if AS_MARKUP.search(line):
                yield f"{name}:{number}: show it as text"


def dialogs_that_lose_the_focus(root):
    for path, name in sources(root, ("console/src",)):
        if name != "console/src/shared/ui/dialog.tsx" and "<Modal" in path.read_text():
            yield f"{name}: use Dialog of shared/ui, which gives the focus back"


def imports_between_features(root):
    features = root / "console/src/features"
    for path, name in sources(root, ("console/src/features", "console/src/shared")):
        for target in re.findall(r"""(?:from|import) ?\(?['"](\.[^'"]*)['"]""", path.read_text()):
            found = (path.parent / target).resolve()
            if features.resolve() not in found.parents:
                continue
            if features not in path.parents or found.relative_to(features.resolve()).parts[0] != path.relative_to(features).parts[0]:
                yield f"{name}: {target}"


class TheConsole(unittest.TestCase):
    def tree(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            path = pathlib.Path(folder.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return pathlib.Path(folder.name)

    def test_finds_a_text_that_is_shown_as_markup(self):
        tree = self.tree({
            "console/src/a.tsx": "const a = 1;\n<p dangerouslySetInnerHTML={{ __html: name }} />\n",
            "console/src/b.ts": "node.innerHTML = name;\nevaluate(name);\nnode.textContent = name;\n",
            "clients/client/src/c.ts": "new Function(name)();\n",
        })
        self.assertEqual(list(texts_as_markup(tree)),
                         ["console/src/a.tsx:2: show it as text", "console/src/b.ts:1: show it as text", "clients/client/src/c.ts:1: show it as text"])

    def test_finds_a_feature_that_imports_another(self):
        tree = self.tree({
            "console/src/features/a/page.tsx": "import { x } from './x';\nimport { y } from '../../shared/y';\nimport { z } from '../b/z';\nconst load = () => import('../b/w');\n",
            "console/src/shared/y.ts": "import { x } from '../features/a/x';\n",
        })
        self.assertEqual(list(imports_between_features(tree)),
                         ["console/src/features/a/page.tsx: ../b/z", "console/src/features/a/page.tsx: ../b/w", "console/src/shared/y.ts: ../features/a/x"])

    def test_finds_a_dialog_that_loses_the_focus(self):
        tree = self.tree({"console/src/a.tsx": "<Modal opened />", "console/src/b.tsx": "<Dialog opened />", "console/src/shared/ui/dialog.tsx": "<Modal />"})
        self.assertEqual(list(dialogs_that_lose_the_focus(tree)), ["console/src/a.tsx: use Dialog of shared/ui, which gives the focus back"])

    def test_dialogs_give_the_focus_back(self):
        self.assertEqual(list(dialogs_that_lose_the_focus(ROOT)), [])

    def test_shows_texts_of_users_as_texts(self):
        self.assertEqual(list(texts_as_markup(ROOT)), [])

    def test_has_no_feature_that_imports_another(self):
        self.assertEqual(list(imports_between_features(ROOT)), [])


if __name__ == "__main__":
    unittest.main()
