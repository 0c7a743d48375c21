// Destinations that are no hosts: what stays in this server and is the queue's work all the same. They are
// not the router's to give, so a change of routes never moves them.
#pragma once

#include <string>
#include <string_view>

#include "account/address.h"

namespace queue {

// "list:team@crepes.example": a mailing list, to be handed to its members.
inline constexpr std::string_view kListPrefix = "list:";
// "bounces:team@crepes.example": what could not be delivered to that list's members, to be counted.
inline constexpr std::string_view kBouncesPrefix = "bounces:";
// Mailboxes here, for what could not be delivered in the commit that took it: held back until a moment
// (RFC 4865), or over quota.
inline constexpr std::string_view kLocalDestination = "local:";
// The progress of a recipient that has its message: only its sender waits to be told, that it was delivered
// or that it is an alias and was expanded.
inline constexpr std::string_view kProgressEnd = "end";
inline constexpr std::string_view kProgressExpanded = "expanded";

[[nodiscard]] inline std::string list_destination(const account::Address& list) {
    return std::string(kListPrefix) + list.to_string();
}

[[nodiscard]] inline std::string bounces_destination(const account::Address& list) {
    return std::string(kBouncesPrefix) + list.to_string();
}

}  // namespace queue
