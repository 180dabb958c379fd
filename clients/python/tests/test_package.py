"""The package as a service gets it: installed without a network, with its types."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parents[1]
SERVICE = """
import togglecast
client = togglecast.Client("http://localhost", token="t", connect=False)
shown: bool = client.flag("chat", False)
rows: int = client.flag("rows", 10)
mistaken: str = client.flag("rows", 10)  # the line of the error
"""


def run(*command, folder=None):
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class ThePackage(unittest.TestCase):
    def test_it_installs_from_what_debian_has_and_brings_its_types(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "copy"  # a build leaves files beside its sources
            run("cp", "-r", HERE, copy)
            run(sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", f"{folder}/venv")  # Debian's pip
            python = f"{folder}/venv/bin/python"
            run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation", "--disable-pip-version-check", copy, folder=folder)
            path = run(python, "-c", "import togglecast; print(togglecast.__file__)", folder=folder).strip()
            versions = "import togglecast, importlib.metadata as m; assert m.version('togglecast') == togglecast.__version__"
            run(python, "-c", versions, folder=folder)
            self.assertTrue(path.startswith(f"{folder}/venv/"), path)
            self.assertTrue((pathlib.Path(path).parent / "py.typed").exists())
            (pathlib.Path(folder) / "service.py").write_text(SERVICE)
            snippet = re.search(r"```python\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL).group(1)
            (pathlib.Path(folder) / "readme.py").write_text(f'token = "t"\n{snippet}')
            done = subprocess.run(["/usr/bin/mypy", "--strict", "--python-executable", python, "--cache-dir", f"{folder}/cache", "service.py", "readme.py"],
                                  capture_output=True, text=True, cwd=folder)
            lines = [line for line in done.stdout.splitlines() if "error" in line]
            self.assertEqual(len(lines), 2, done.stdout + done.stderr)  # and the count of them
            self.assertIn("service.py:6", lines[0])


if __name__ == "__main__":
    unittest.main()
