// SCRAM as a SASL mechanism (RFC 5802, 7677), with the channel bindings of RFC 5929 and RFC 9266.
#pragma once

#include <memory>
#include <string_view>

#include "account/crypto.h"
#include "account/sasl.h"

namespace account {

// Has the connection anything that a login can be bound to?
[[nodiscard]] bool has_channel_binding(const LoginContext& context);

// `mechanism` lives for ever; ending in -PLUS it requires a channel binding.
[[nodiscard]] std::unique_ptr<SaslServer> make_scram_server(Authenticator::Impl& impl,
                                                            Hash hash,
                                                            std::string_view mechanism,
                                                            LoginContext context);

// May `identity` act as `authorize_as` (empty: as itself)? Only as itself, however it is spelled.
[[nodiscard]] base::Result<bool> is_same_user(const Authenticator::Impl& impl,
                                              const Identity& identity,
                                              std::string_view authorize_as);

}  // namespace account
