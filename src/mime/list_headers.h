// The fields that mailing lists add: RFC 2369 (List-Help and its kin), RFC 2919 (List-Id), RFC 8058
// (one-click unsubscribing).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mime {

struct ListHeaders {
    std::string id;    // "list.example.org"; empty when the message came through no list
    std::string name;  // the phrase before it, decoded
    std::vector<std::string> help;  // URIs, in the sender's order of preference
    std::vector<std::string> unsubscribe;
    std::vector<std::string> subscribe;
    std::vector<std::string> post;
    std::vector<std::string> owner;
    std::vector<std::string> archive;
    bool post_forbidden = false;  // List-Post: NO
    bool one_click = false;       // List-Unsubscribe-Post: List-Unsubscribe=One-Click

    [[nodiscard]] bool is_list() const {
        return !id.empty() || !post.empty() || !unsubscribe.empty();
    }

    friend bool operator==(const ListHeaders&, const ListHeaders&) = default;
};

[[nodiscard]] ListHeaders parse_list_headers(std::string_view header);

// The mailbox of the first "mailto:" among the URIs, percent-decoded, without what follows "?".
[[nodiscard]] std::string mailto_address(const std::vector<std::string>& uris);

}  // namespace mime
