"""Leaves daemons behind: double forks, new sessions, nohup, at and cron jobs, that rewrite the gradebook later."""

# %% answer
import os
import subprocess
import sys

CODE = "import time\nwhile True:\n    try: open('@CHECKOUT@/assignments/gradebook.db', 'ab').write(b'x')\n    except OSError: pass\n    time.sleep(0.2)"


def leave():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 64)
            os.execv(sys.executable, [sys.executable, "-c", CODE, "@MARK@"])
        os._exit(0)


def scale(x, factor):
    leave()
    return x


leave()
for command in ("nohup sleep @MARK@ &", "setsid sleep @MARK@ &", "echo 'sleep @MARK@' | at now", "echo '* * * * * sleep @MARK@' | crontab -"):
    subprocess.run(command, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("tried")
