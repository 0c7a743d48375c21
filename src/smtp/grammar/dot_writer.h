// The message as a client puts it on the wire behind DATA (RFC 5321 4.5.2): dots doubled, every line ended with
// CRLF, the final dot. Streaming: the message may come in pieces cut anywhere.
//
// A bare CR or LF would end a line for some receivers and not for others, so that what follows it could pass
// for commands ("SMTP smuggling"): a bare LF becomes CRLF, a bare CR a space.
#pragma once

#include <string>
#include <string_view>

namespace smtp {

class DotWriter {
  public:
    // Appends `piece` as it goes on the wire. A CR at its end waits for what follows.
    void feed(std::string_view piece, std::string& output);
    // The end of the last line, where it has none, and ".".
    void finish(std::string& output);

  private:
    void take_line_end(char c, std::string& output);

    bool line_start_ = true;
    bool held_cr_ = false;
};

}  // namespace smtp
