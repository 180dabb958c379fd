"""Rules of the web console (console/README.md), each also tried on a tree that breaks it; and when console/build builds."""

import os
import pathlib
import re
import shutil
import subprocess
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


class TheBuild(unittest.TestCase):
    """console/build in a tree of one file each, with an npm that notes that it was called."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("console/build", "tools/node.sh"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        self.sources = ["console/src/app/a.ts", "console/tools/t.mjs", "console/index.html", "console/package.json", "console/package-lock.json", "console/tsconfig.json",
                        "console/vite.config.ts", "clients/admin/src/a.ts", "clients/client/src/c.ts", "src/http_api/openapi/o.json"]
        for name in [*self.sources, "console/node_modules/.installed-lock"]:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text("{}\n")
        self.programs = self.root / "programs"
        self.own_node = self.root / "build/tools/node_modules/node/bin/node"
        self.program(self.programs / "node", "echo v22.12.0")
        self.program(self.programs / "npm", 'if [[ $1 == install ]]; then echo "$*" >>"$CALLS"; eval "$INSTALL"; exit; fi\n'
                     'mkdir -p "$TOGGLECAST_CONSOLE_OUT" && echo page >"$TOGGLECAST_CONSOLE_OUT/index.html" && echo built with $(node --version) >>"$CALLS"')

    def program(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)

    def build(self, *arguments, install="exit 1"):
        """The run, and what npm noted. `install` is what npm does when it installs a Node."""
        calls = self.root / "calls"
        calls.write_text("")
        environment = {**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}", "CALLS": str(calls), "INSTALL": install}
        done = subprocess.run([self.root / "console/build", *arguments], env=environment, capture_output=True, text=True, check=False)
        return done, calls.read_text().splitlines()

    def builds(self):
        """Whether it built."""
        done, calls = self.build()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.root / "build/console/dist/index.html").exists())
        return "built with v22.12.0" in calls

    def test_builds_when_a_source_has_changed_and_only_then(self):
        self.assertTrue(self.builds())
        self.assertFalse(self.builds())
        for name in [*self.sources, "console/build"]:
            with (self.root / name).open("a") as source:
                source.write("\n")
            if name == "console/package-lock.json":
                shutil.copy(self.root / name, self.root / "console/node_modules/.installed-lock")
            self.assertTrue(self.builds(), name)
            self.assertFalse(self.builds(), name)

    def test_builds_again_when_the_page_is_gone(self):
        self.assertTrue(self.builds())
        shutil.rmtree(self.root / "build/console/dist")
        self.assertTrue(self.builds())

    def test_says_whether_it_is_current_and_builds_nothing_then(self):
        self.assertEqual(self.build("--is-current")[0].returncode, 1)
        self.assertFalse((self.root / "build/console/dist").exists())
        self.assertTrue(self.builds())
        self.assertEqual(self.build("--is-current")[0].returncode, 0)

    def test_installs_a_node_below_build_if_that_of_the_system_is_too_old_and_only_once(self):
        self.program(self.root / "new", "echo v22.20.0")
        install = f'mkdir -p "{self.own_node.parent}" && cp "{self.root / "new"}" "{self.own_node}"'
        for version in ("v18.20.4", "v20.18.3", "v21.7.3", "v22.11.0"):
            self.program(self.programs / "node", f"echo {version}")
            shutil.rmtree(self.root / "build", ignore_errors=True)

            done, calls = self.build(install=install)
            shutil.rmtree(self.root / "build/console/dist")
            again, later = self.build(install=install)

            self.assertEqual((done.returncode, again.returncode), (0, 0), done.stderr + again.stderr)
            self.assertEqual(calls, [f"install --prefix {self.root}/build/tools --no-save --no-audit --no-fund --loglevel=error node@22", "built with v22.20.0"], version)
            self.assertEqual(later, ["built with v22.20.0"], version)

    def test_takes_the_node_of_the_system_if_that_is_new_enough(self):
        for version in ("v20.19.0", "v22.12.0", "v24.1.0"):
            self.program(self.programs / "node", f"echo {version}")
            shutil.rmtree(self.root / "build", ignore_errors=True)
            self.assertEqual(self.build()[1], [f"built with {version}"])

    def test_says_which_node_it_needs_if_npm_installs_none(self):
        self.program(self.programs / "node", "echo v18.20.4")

        for install in ("echo no network >&2; exit 1", "exit 0"):
            done, calls = self.build(install=install)

            self.assertEqual((done.returncode, len(calls)), (1, 1))
            self.assertIn("The web console needs Node 20.19 or later of 20, or 22.12 or later.", done.stderr)

    def test_leaves_what_other_clones_know_as_it_is(self):
        self.assertTrue(self.builds())
        made = self.root / "build/console/made-from"
        linked = self.root / "linked"
        os.link(made, linked)
        before = linked.read_text()
        (self.root / self.sources[0]).write_text("changed\n")
        self.assertTrue(self.builds())
        self.assertEqual(linked.read_text(), before)
        self.assertNotEqual(made.read_text(), before)


if __name__ == "__main__":
    unittest.main()
