#!/usr/bin/env python3
"""FTP's replies and their Italian: every sentence of src/ftp/server/italian.cc is said somewhere, and what handlers
say has its sentence, so that neither side changes alone."""

import pathlib
import re
import unittest

SERVER = pathlib.Path("src/ftp/server")
LITERAL = r'"((?:[^"\\]|\\.)*)"'
# What no person reads, or what is the same in every language.
PLAIN = {"PBSZ=0", "UNIX Type: L8", "Name=staffetta; OS=Unix; CaseSensitive=1; DirSep=/;", "FILE: {}", "{}={};",
         "{} {}", "{} {}-{} {} {}", "Listing {}\\n{}\\nEnd"}


def source_of(paths):
    text = "".join(path.read_text() for path in paths if not path.name.endswith("_test.cc") and path.name != "italian.cc")
    return re.sub(r'"\s*\n\s*"', "", text)  # adjacent literals are one


class Replies(unittest.TestCase):
    def setUp(self):
        self.sentences = re.findall(r"Sentence\{" + LITERAL, (SERVER / "italian.cc").read_text())
        self.assertGreater(len(self.sentences), 100)

    def test_every_sentence_is_said(self):
        source = source_of([*SERVER.glob("*.cc"), *pathlib.Path("src/files").glob("*.cc")])
        for sentence in self.sentences:
            for piece in sentence.split("{}"):
                with self.subTest(sentence):
                    self.assertIn(piece.strip(), source)

    def test_every_reply_has_its_sentence(self):
        source = source_of(SERVER.glob("*.cc"))
        whole = re.findall(r"reply\(\s*\d+,\s*" + LITERAL + r"\s*[,)]", source)
        formatted = re.findall(r"reply\(\s*\d+,\s*fmt::format\(\s*" + LITERAL, source)
        self.assertGreater(len(whole), 80)
        for text in {*whole, *formatted} - PLAIN - {""}:
            with self.subTest(text):
                said = re.sub(r"\{[^}]*\}", "{}", text)
                for line in said.split("\\n"):
                    known = any(re.fullmatch(re.escape(s).replace(r"\{\}", ".*"), line) for s in self.sentences)
                    self.assertTrue(known, f"italian.cc lacks: {line}")


if __name__ == "__main__":
    unittest.main()
