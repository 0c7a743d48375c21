#!/bin/bash
# No file and no function of src/ is over its limit; the tool measures a function of known length right.
set -euo pipefail
python3 tools/longest.py --top 3
python3 - <<'PYTHON'
import importlib.util
spec = importlib.util.spec_from_file_location("longest", "tools/longest.py")
longest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(longest)
source = '''namespace a {
struct S {
    int size() const { return 1; }
};
const char* kBrace = "{";  // {
int table[] = {1, 2};

base::Task<> S::run(int x) {
    if (x > 0) {
        call([&] { return '{'; });
    }
    co_return;
}
}  // namespace a
'''
found = list(longest.functions(source))
assert found == [(3, 1, "size"), (8, 6, "S::run")], found
PYTHON
