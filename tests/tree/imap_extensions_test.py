#!/usr/bin/env python3
"""Every IMAP extension is offered as a transcript says, has its row in docs/protocols/imap.md and in rfc.tsv, and
transcripts of its RFC; nothing is offered that this table does not know."""

import pathlib
import re
import unittest

TRANSCRIPTS = pathlib.Path("tests/transcripts/imap")
PAGE = pathlib.Path("docs/protocols/imap.md")
TABLE = pathlib.Path("docs/protocols/rfc.tsv")

BEFORE = {"IMAP4rev1": 3501, "IMAP4rev2": 9051, "LITERAL+": 7888, "SASL-IR": 4959, "ID": 2971, "STARTTLS": 9051,
          "LOGINDISABLED": 9051}
AFTER = {"IMAP4rev1": 3501, "IMAP4rev2": 9051, "LITERAL+": 7888, "ACL": 4314, "RIGHTS": 4314, "APPENDLIMIT": 7889,
         "BINARY": 3516, "CATENATE": 4469, "CHILDREN": 3348, "COMPRESS=DEFLATE": 4978, "CONDSTORE": 7162,
         "QRESYNC": 7162, "CREATE-SPECIAL-USE": 6154, "SPECIAL-USE": 6154, "ENABLE": 5161, "ESEARCH": 4731,
         "ESORT": 5267, "ID": 2971, "IDLE": 2177, "INPROGRESS": 9585, "LIST-EXTENDED": 5258, "LIST-STATUS": 5819,
         "MESSAGELIMIT": 9738, "METADATA": 5464, "MOVE": 6851, "MULTIAPPEND": 3502, "NAMESPACE": 2342, "NOTIFY": 5465,
         "OBJECTID": 8474, "PARTIAL": 9394, "PREVIEW": 8970, "QUOTA": 9208, "QUOTA=RES-STORAGE": 9208,
         "QUOTA=RES-MESSAGE": 9208, "QUOTA=RES-MAILBOX": 9208, "QUOTA=RES-ANNOTATION-STORAGE": 9208, "REPLACE": 8508,
         "SAVEDATE": 8514, "SEARCHRES": 5182, "SORT": 5256, "SORT=DISPLAY": 5957, "STATUS=SIZE": 8438,
         "THREAD=ORDEREDSUBJECT": 5256, "THREAD=REFERENCES": 5256, "THREAD=REFS": 5256, "UIDONLY": 9586,
         "UIDPLUS": 4315, "UNAUTHENTICATE": 8437, "UNSELECT": 3691, "UTF8=ACCEPT": 6855, "WITHIN": 5032}


def words_of(line):
    words = re.sub(r".*CAPABILITY ", "", line.split("]")[0]).split()
    return {re.sub(r"^(APPENDLIMIT|MESSAGELIMIT|RIGHTS)=.*", r"\1", word)
            for word in words if not word.startswith("AUTH=")}


class Extensions(unittest.TestCase):
    def test_offered_in_the_right_state(self):
        lines = [line for line in (TRANSCRIPTS / "capabilities.txt").read_text().splitlines()
                 if line.startswith("S: *") and "*" not in line[4:].replace("foo.com *", "")]
        before, after = (words_of(line) for line in lines)
        self.assertEqual(before, set(BEFORE))
        self.assertEqual(after, set(AFTER))

    def test_documented_and_shown(self):
        page, table = PAGE.read_text(), TABLE.read_text()
        shown = set()
        for path in TRANSCRIPTS.glob("*.txt"):
            for reference in re.findall(r"ref: (.*)", path.read_text()):
                shown |= {int(number) for number in re.findall(r"\b\d{4}\b", reference)}
        for word, rfc in {**BEFORE, **AFTER}.items():
            with self.subTest(word, rfc=rfc):
                self.assertRegex(page, rf"(?m)^\| [^|]*\b{rfc}\b")
                self.assertRegex(table, rf"(?m)^{rfc}\t")
                self.assertIn(rfc, shown)


if __name__ == "__main__":
    unittest.main()
