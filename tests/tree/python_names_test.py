#!/usr/bin/env python3
"""No script has the name of a module of Python's own.

A script's folder comes first where Python looks for modules: bench/queue.py once stood in front of the library's
queue, and every benchmark that used a thread pool ended with an AttributeError.
"""

import pathlib
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


class PythonNames(unittest.TestCase):
    def test_none_is_the_librarys(self):
        listed = subprocess.run(["git", "ls-files", "*.py"], cwd=TOP, check=True, capture_output=True, text=True)
        scripts = [pathlib.PurePath(name) for name in listed.stdout.split()]
        self.assertGreater(len(scripts), 10)
        self.assertEqual([str(path) for path in scripts if path.stem in sys.stdlib_module_names], [])


if __name__ == "__main__":
    unittest.main()
