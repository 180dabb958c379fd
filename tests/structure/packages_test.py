"""`install_packages` of tools/debian.sh: what it installs starts no service, and the file that forbids it goes again. apt-get,
dpkg-query and sudo are stand-ins here."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 60  # seconds that a busy machine may need

# Notes what it is asked, and whether services may start; then waits for as long as the file `hold` is there.
APT = """#!/bin/bash
[[ " $* " == *" update "* ]] && echo "update" >>"$CALLS" && exit "${UPDATE:-0}"
"$POLICY_RC_D" postgresql start; echo "install ${*: -1}, policy $?" >>"$CALLS"
while [[ -e $HOLD ]]; do sleep 0.05; done
exit "${INSTALL:-0}"
"""


def as_in_a_terminal():
    """nohup and background jobs ignore signals, which a shell then cannot trap."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Installing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.outside = pathlib.Path(folder.name)
        self.calls, self.policy, self.hold = (self.outside / name for name in ("calls", "policy-rc.d", "hold"))
        self.calls.write_text("")
        release = self.outside / "os-release"
        release.write_text("ID=debian\nVERSION_ID=12\n")
        for name, text in {"apt-get": APT, "dpkg-query": "#!/bin/bash\nexit 1\n", "sudo": '#!/bin/bash\nexec "$@"\n'}.items():
            (self.outside / name).write_text(text)
            (self.outside / name).chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{self.outside}:{os.environ['PATH']}", "CALLS": str(self.calls),
                            "OS_RELEASE": str(release), "POLICY_RC_D": str(self.policy), "HOLD": str(self.hold)}

    def begin(self, **variables):
        script = f'source "{ROOT}/tools/debian.sh"; install_packages "the test" redis-server; source /dev/null; echo done'
        return subprocess.Popen(["bash", "-euo", "pipefail", "-c", script], env={**self.environment, **variables},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
                                preexec_fn=as_in_a_terminal)

    def install(self, **variables):
        """Exit code, what was said, and what apt-get was asked for."""
        process = self.begin(**variables)
        out, said = process.communicate(timeout=LONGEST)
        return process.returncode, out + said, self.calls.read_text().splitlines()

    def test_starts_no_service_and_removes_the_file(self):
        code, said, calls = self.install()
        self.assertEqual((code, calls), (0, ["update", "install redis-server, policy 101"]), said)
        self.assertIn("done", said)
        self.assertFalse(self.policy.exists())

    def test_keeps_a_policy_that_was_there(self):
        self.policy.write_text("#!/bin/sh\nexit 7\n")
        self.policy.chmod(0o755)
        code, said, calls = self.install()
        self.assertEqual((code, calls[1]), (0, "install redis-server, policy 7"), said)
        self.assertEqual(self.policy.read_text(), "#!/bin/sh\nexit 7\n")

    def test_says_that_apt_failed_and_removes_the_file(self):
        for variables, asked in (({"UPDATE": "100"}, 1), ({"INSTALL": "100"}, 2)):
            self.calls.write_text("")
            code, said, calls = self.install(**variables)
            self.assertEqual((code, len(calls)), (100, asked), said)
            self.assertIn("The packages could not be installed", said)
            self.assertFalse(self.policy.exists())

    def ends_by(self, number):
        self.calls.write_text("")
        self.hold.write_text("")
        process = self.begin()
        deadline = time.monotonic() + LONGEST
        while "install" not in self.calls.read_text():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.assertTrue(self.policy.exists())
        os.killpg(process.pid, number)  # as a terminal does it
        self.hold.unlink()
        process.communicate(timeout=LONGEST)
        return process.returncode

    def test_removes_the_file_after_ctrl_c_and_other_ends(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.assertNotEqual(self.ends_by(number), 0)
            self.wait_until_gone()

    def wait_until_gone(self):
        deadline = time.monotonic() + LONGEST
        while self.policy.exists():
            self.assertLess(time.monotonic(), deadline, "the file is still there")
            time.sleep(0.02)

    def test_takes_over_a_file_that_a_killed_run_left(self):
        self.assertNotEqual(self.ends_by(signal.SIGKILL), 0)
        self.assertTrue(self.policy.exists())
        self.calls.write_text("")
        code, said, calls = self.install()
        self.assertEqual((code, calls[1]), (0, "install redis-server, policy 101"), said)
        self.assertFalse(self.policy.exists())


if __name__ == "__main__":
    unittest.main()
