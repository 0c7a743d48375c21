#include "smtp/grammar/dot_writer.h"

#include <algorithm>

namespace smtp {

void DotWriter::feed(std::string_view piece, std::string& output) {
    while (!piece.empty()) {
        if (held_cr_ && piece.front() != '\n') {
            output += ' ';
            held_cr_ = false;
            line_start_ = false;
        }
        if (line_start_ && piece.front() == '.') {
            output += '.';
        }
        const std::size_t end = std::min(piece.find_first_of("\r\n"), piece.size());
        if (end > 0) {
            output += piece.substr(0, end);
            line_start_ = false;
        }
        if (end < piece.size()) {
            take_line_end(piece[end], output);
        }
        piece.remove_prefix(std::min(end + 1, piece.size()));
    }
}

void DotWriter::take_line_end(char c, std::string& output) {
    if (c == '\r') {
        held_cr_ = true;
        return;
    }
    output += "\r\n";
    held_cr_ = false;
    line_start_ = true;
}

void DotWriter::finish(std::string& output) {
    if (held_cr_) {
        output += ' ';
        line_start_ = false;
    }
    output += line_start_ ? ".\r\n" : "\r\n.\r\n";
    line_start_ = true;
    held_cr_ = false;
}

}  // namespace smtp
