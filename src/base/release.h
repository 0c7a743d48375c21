// Giving memory back.
#pragma once

#include <string>

namespace base {

// `text` is empty then and holds no memory: to assign an empty string keeps it, in libstdc++.
inline void release(std::string& text) {
    std::string().swap(text);
}

}  // namespace base
