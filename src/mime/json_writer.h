// Writes JSON (RFC 8259), indented for people. Texts may hold any octets: what is not UTF-8 becomes
// U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mime {

// Calls follow the shape of the document: open, members or elements, close. Misuse is not checked.
class JsonWriter {
  public:
    // An object whose members each take a line, or with `inlined` all stand on one.
    void open_object(bool inlined = false) { open('{', inlined); }

    void open_array(bool inlined = false) { open('[', inlined); }

    void close();

    // The name of the member whose value comes next.
    void key(std::string_view name);
    void string(std::string_view text);
    void number(std::uint64_t value);
    void boolean(bool value);

    // key and value at once.
    void member(std::string_view name, std::string_view text);
    void member(std::string_view name, std::uint64_t value);

    // The document, with a line end. The writer is spent.
    [[nodiscard]] std::string take();

  private:
    struct Level {
        char close = '}';
        bool inlined = false;
        bool is_empty = true;
    };

    void open(char bracket, bool inlined);
    void begin_value();
    void new_line();
    void quote(std::string_view text);

    std::string out_;
    std::vector<Level> levels_;
    bool behind_key_ = false;
};

}  // namespace mime
