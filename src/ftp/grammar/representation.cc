#include "ftp/grammar/representation.h"

#include "base/ascii.h"

namespace ftp {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kTypes = "AEIL";
constexpr std::string_view kForms = "NTC";
constexpr std::string_view kStructures = "FRP";
constexpr std::string_view kModes = "SBCZ";

// The place of a one-letter argument in `letters`.
base::Result<std::size_t> parse_letter(std::string_view text, std::string_view letters) {
    const std::size_t at =
        text.size() == 1 ? letters.find(base::to_upper(text[0])) : std::string_view::npos;
    if (at == std::string_view::npos) {
        return fail(Errc::kSyntax, "one letter of " + std::string(letters) + " is expected");
    }
    return at;
}

char letter(std::string_view letters, std::uint8_t at) {
    return letters[at];
}

// type-code = "A" [SP form-code] / "E" [SP form-code] / "I" / "L" SP byte-size    ; RFC 959 5.3.2
base::Result<> parse_local(std::string_view byte_size) {
    const auto octets = base::parse_number<unsigned>(byte_size, 255);
    if (!octets || *octets == 0) {
        return fail(Errc::kSyntax, "L wants a byte size");
    }
    if (*octets != 8) {
        return fail(Errc::kUnsupported, "bytes have 8 bits here");
    }
    return {};
}

}  // namespace

base::Result<> parse_type(std::string_view arguments, Representation& to) {
    arguments = base::trim(arguments);
    const bool glued = arguments.size() > 1 && base::to_upper(arguments[0]) == 'L' &&
                       base::is_digit(arguments[1]);  // "L8", as many clients write it
    const std::string_view code =
        glued ? arguments.substr(0, 1) : base::split_front(arguments, ' ');
    const std::string_view detail = base::trim(glued ? arguments.substr(1) : arguments);
    TRY(const std::size_t at, parse_letter(code, kTypes));
    const auto type = static_cast<Type>(at);
    Form form = Form::kNonPrint;
    if (type == Type::kLocal8) {
        TRY_VOID(parse_local(detail));
    } else if (type == Type::kImage && !detail.empty()) {
        return fail(Errc::kSyntax, "nothing stands behind I");
    } else if (!detail.empty()) {
        TRY(const std::size_t form_at, parse_letter(detail, kForms));
        form = static_cast<Form>(form_at);
    }
    to.type = type;
    to.form = form;
    return {};
}

base::Result<Structure> parse_structure(std::string_view arguments) {
    TRY(const std::size_t at, parse_letter(base::trim(arguments), kStructures));
    return static_cast<Structure>(at);
}

base::Result<Mode> parse_mode(std::string_view arguments) {
    TRY(const std::size_t at, parse_letter(base::trim(arguments), kModes));
    return static_cast<Mode>(at);
}

std::string type_name(const Representation& representation) {
    std::string name(1, letter(kTypes, static_cast<std::uint8_t>(representation.type)));
    if (representation.is_text()) {
        name += ' ';
        name += letter(kForms, static_cast<std::uint8_t>(representation.form));
    } else if (representation.type == Type::kLocal8) {
        name += " 8";
    }
    return name;
}

char structure_letter(Structure structure) {
    return letter(kStructures, static_cast<std::uint8_t>(structure));
}

char mode_letter(Mode mode) {
    return letter(kModes, static_cast<std::uint8_t>(mode));
}

}  // namespace ftp
