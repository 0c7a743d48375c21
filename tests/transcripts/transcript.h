// A transcript: one dialogue as an RFC prints it, in a plain file. docs/guide/transcripts.md shows the
// form; this is its reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace transcripts {

// One line of the dialogue.
struct Step {
    enum class Kind {
        kServer,  // S: the server says this; '*' stands for anything up to the end or the next text
        kServerMore,   // S: ... any lines, until one matches the next S:
        kServerNever,  // S! the server never says this
        kServerEnd,    // S: <closed>
        kClient,       // C: this line and CRLF
        kClientRaw,    // C| these octets, with \r \n \t \\ \0 \xNN escapes
        kClientClose,  // close: the client hangs up; close: writing: it only says no more
        kWait,         // wait: 5m of virtual time
        kTls,          // tls: the client begins TLS
        kDeflate,      // deflate: and deflate: end; the client and the server compress
        kInterrupt,    // interrupt: the server is told to stop
        kDisk,         // disk: stalls and disk: goes on; nothing is committed in between
        kDisable,      // disable: the account may do nothing any more
        kDataSend,     // D> and D>| on FTP's data connection, the client sends this
        kDataClose,    // D> <closed>
        kDataLine,     // D< the server sends this line; '*' as above
        kDataOctets,   // D<| the server sends these octets
        kDataMore,     // D< ... any lines, until one matches the next D<
        kDataEnd,      // D< <closed>
        kThen,         // then: what must be true now
    };
    Kind kind = Kind::kServer;
    int connection = 1;  // C2: and S2: are the second connection
    std::string text;
    std::int64_t wait_ms = 0;
    int line = 0;  // in the file, for messages
};

struct Transcript {
    std::string title;
    std::vector<std::string> given;  // the clauses of given:, one each
    std::vector<std::string> modes;  // empty: written, bytes, cut
    std::vector<Step> steps;
};

// kSyntax names the line and what is wrong with it.
[[nodiscard]] base::Result<Transcript> parse_transcript(std::string_view text);

// Does `line` match `pattern`, in which each '*' stands for any text?
[[nodiscard]] bool matches(std::string_view pattern, std::string_view line);

// `text` with its escapes replaced: \r \n \t \0 \\ \" and \xNN.
[[nodiscard]] base::Result<std::string> unescape(std::string_view text);

// "name rest" at the first space.
[[nodiscard]] std::pair<std::string_view, std::string_view> split_word(std::string_view text);
// The text between the first and the last quote, unescaped.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace transcripts
