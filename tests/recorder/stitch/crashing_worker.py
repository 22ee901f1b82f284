"""A worker that dies of a signal when it reads the object that its argument names."""

import os
import signal
import sys

from recorder.stitch import worker


class Reading(worker.Reading):
    def __call__(self, key):
        super().__call__(key)
        if key == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGSEGV)


worker.Reading = Reading
sys.exit(worker.main())
