// The header section of what a mailing list sends out: List-Id (RFC 2919), List-Post and its like (RFC
// 2369), one-click unsubscribing (RFC 8058). The rest of the message stays as its author signed it.
#pragma once

#include <string>
#include <string_view>

#include "account/mailing_list.h"

namespace app {

// `team.crepes.example`, RFC 2919 2.
[[nodiscard]] std::string list_id(const account::Address& list);

// Whether the message with this header has been through the list before. List-Id tells, and Delivered-To
// when lists are members of one another: each replaces the one's List-Id by its own.
[[nodiscard]] bool has_been_through(std::string_view header, const account::Address& list);

// `header` is a stored message's, with its empty line or without. The result begins with the Return-Path of
// what the list sends.
//
// Sender stays as it is: it is the author's side that a reader should see, the envelope tells where
// failures go, and DKIM signatures often cover it.
[[nodiscard]] std::string make_list_header(std::string_view header,
                                           const account::MailingList& list);

}  // namespace app
