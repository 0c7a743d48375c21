// How a file is represented while it is transferred: TYPE, STRU and MODE (RFC 959 3.1 to 3.4, 5.3.2), as
// values and as the arguments of the commands that choose them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ftp {

enum class Type : std::uint8_t { kAscii, kEbcdic, kImage, kLocal8 };
// RFC 959 3.1.1.5: what a line's end and first octet mean to a printer.
enum class Form : std::uint8_t { kNonPrint, kTelnet, kCarriageControl };
enum class Structure : std::uint8_t { kFile, kRecord, kPage };
enum class Mode : std::uint8_t { kStream, kBlock, kCompressed, kDeflate };

// RFC 959 5: ASCII non-print, file structure and stream mode until something else is said.
struct Representation {
    Type type = Type::kAscii;
    Form form = Form::kNonPrint;
    Structure structure = Structure::kFile;
    Mode mode = Mode::kStream;

    // The octets on disk are the octets on the wire.
    [[nodiscard]] bool is_plain() const {
        return (type == Type::kImage || type == Type::kLocal8) && structure == Structure::kFile &&
               mode == Mode::kStream;
    }

    // The data says where it ends, and the connection may go on behind it.
    [[nodiscard]] bool marks_its_end() const {
        return mode == Mode::kBlock || mode == Mode::kCompressed;
    }

    [[nodiscard]] bool is_text() const { return type == Type::kAscii || type == Type::kEbcdic; }

    friend bool operator==(const Representation&, const Representation&) = default;
};

// "A", "A N", "E T", "I", "L 8": into `to`. kSyntax; kUnsupported: a byte size other than 8.
[[nodiscard]] base::Result<> parse_type(std::string_view arguments, Representation& to);
[[nodiscard]] base::Result<Structure> parse_structure(std::string_view arguments);
[[nodiscard]] base::Result<Mode> parse_mode(std::string_view arguments);

// "A N", "I", "L 8": as TYPE takes it.
[[nodiscard]] std::string type_name(const Representation& representation);
[[nodiscard]] char structure_letter(Structure structure);
[[nodiscard]] char mode_letter(Mode mode);

}  // namespace ftp
