// HZ-GB-2312, the seven-bit Chinese of old news and mail (RFC 1843): "~{" begins pairs of octets, "~}" ends
// them, "~~" is a tilde. The C library does not know it.
#pragma once

#include <string>
#include <string_view>

namespace mime {

// Turns HZ into octets of GB 2312, in pieces of any size. What is no HZ comes through as it is; a line end
// ends pairs that were left open, as RFC 1843 asks of writers to do before it.
class HzDecoder {
  public:
    void feed(std::string_view octets, std::string& out);
    // The end of the text: an octet that waits for its second is handed on.
    void finish(std::string& out);

  private:
    void take(char c, std::string& out);

    bool in_pairs_ = false;
    char waiting_ = '\0';  // a tilde, or the first of a pair
};

}  // namespace mime
