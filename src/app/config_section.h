// One table of the TOML file (toml.io, version 1.0), read key by key with a sentence for each fault.
// Sees toml++, whose header costs seconds: only config_file.cc includes this.
#pragma once

#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/units.h"
#include "base/ascii.h"
#include "net/address.h"

namespace app {

// The first fault found ends the reading: one clear sentence is worth more than ten.
struct Fault {
    const std::string& file;
    std::string sentence;

    void set(const toml::source_region& where, std::string_view text) {
        if (sentence.empty()) {
            sentence = fmt::format("{}:{}: {}", file, where.begin.line, text);
        }
    }
};

// One table of the file. Each method reads one key into `value`, which keeps its default when the key is
// absent, and remembers that the key exists; finish() complains of all others.
class Section {
  public:
    Section(const toml::table& table, std::string prefix, Fault& fault)
        : table_(table),
          prefix_(std::move(prefix)),
          fault_(fault) {}

    void text(std::string_view key, std::string& value) {
        if (const auto* found = find<std::string>(key, "a text in quotes")) {
            value = found->get();
        }
    }

    void flag(std::string_view key, bool& value) {
        if (const auto* found = find<bool>(key, "true or false")) {
            value = found->get();
        }
    }

    void number(std::string_view key,
                std::uint64_t& value,
                std::uint64_t least,
                std::uint64_t most) {
        const auto* found = find<std::int64_t>(key, "a whole number");
        if (found == nullptr) {
            return;
        }
        const std::int64_t given = found->get();
        if (given < 0 || std::cmp_less(given, least) || std::cmp_greater(given, most)) {
            complain(*found,
                     key,
                     fmt::format(
                         "{} is out of range; write a number from {} to {}", given, least, most));
            return;
        }
        value = static_cast<std::uint64_t>(given);
    }

    void size(std::string_view key, std::uint64_t& value, std::uint64_t least, std::uint64_t most) {
        const auto* found = find<std::string>(key, "a size in quotes, as \"50MiB\"");
        if (found == nullptr) {
            return;
        }
        const auto octets = parse_size(found->get());
        if (!octets || *octets < least || *octets > most) {
            complain(*found,
                     key,
                     fmt::format("\"{}\" is no size between {} and {}; write one with "
                                 "KiB, MiB or GiB, as \"50MiB\"",
                                 found->get(),
                                 format_size(least),
                                 format_size(most)));
            return;
        }
        value = *octets;
    }

    void duration(std::string_view key,
                  base::Duration& value,
                  base::Duration least = {},
                  base::Duration most = std::chrono::hours(24 * 36'500)) {
        const auto* found = find<std::string>(key, "a duration in quotes, as \"5m\"");
        if (found == nullptr) {
            return;
        }
        const auto given = parse_duration(found->get());
        if (!given) {
            complain(*found,
                     key,
                     fmt::format("\"{}\" is no duration; write a number with ms, s, m, "
                                 "h or d, as \"5m\"",
                                 found->get()));
        } else if (*given < least || *given > most) {
            complain(*found,
                     key,
                     fmt::format("\"{}\" is out of range; write a duration from \"{}\" to \"{}\"",
                                 found->get(),
                                 format_duration(least),
                                 format_duration(most)));
        } else {
            value = *given;
        }
    }

    template <class Value>
    void choice(std::string_view key,
                Value& value,
                std::initializer_list<std::pair<std::string_view, Value>> choices) {
        std::string names;
        for (const auto& [name, unused] : choices) {
            names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name);
        }
        const auto* found = find<std::string>(key, "one of " + names);
        if (found == nullptr) {
            return;
        }
        for (const auto& [name, meaning] : choices) {
            if (found->get() == name) {
                value = meaning;
                return;
            }
        }
        complain(*found, key, fmt::format("\"{}\" is none of {}", found->get(), names));
    }

    void texts(std::string_view key, std::vector<std::string>& values) {
        each_text(key, [&](const toml::value<std::string>& item) { values.push_back(item.get()); });
    }

    void addresses(std::string_view key, std::vector<std::string>& values) {
        texts_unless(key, values, [](const std::string& text) -> std::string {
            const auto endpoint = parse_listen_address(text);
            return endpoint ? ""
                            : fmt::format(
                                  "\"{}\" is no address to listen on: {}; write "
                                  "\"0.0.0.0:25\", \"[::]:25\" or "
                                  "\"unix:/run/staffetta.sock\"",
                                  text,
                                  endpoint.error().text);
        });
    }

    void name_servers(std::string_view key, std::vector<std::string>& values) {
        texts_unless(key, values, [](const std::string& text) -> std::string {
            const auto endpoint = net::parse_endpoint(text);
            return endpoint && !endpoint->is_unix()
                       ? ""
                       : fmt::format(
                             "\"{}\" is no name server; write \"192.0.2.53:53\" or "
                             "\"[2001:db8::53]:53\"",
                             text);
        });
    }

    void blocks(std::string_view key, std::vector<std::string>& values) {
        texts_unless(key, values, [](const std::string& text) -> std::string {
            return net::AddressBlock::parse(text)
                       ? ""
                       : fmt::format(
                             "\"{}\" is no network; write \"192.0.2.0/24\", "
                             "\"2001:db8::/32\" or a single address",
                             text);
        });
    }

    // "50000-50099", or one port.
    void ports(std::string_view key, std::uint16_t& first, std::uint16_t& last) {
        const auto* found = find<std::string>(key, "a range in quotes, as \"50000-50099\"");
        if (found == nullptr) {
            return;
        }
        std::string_view rest = found->get();
        const std::string_view begin = base::split_front(rest, '-');
        const auto from = base::parse_number<std::uint16_t>(begin);
        const auto to = base::parse_number<std::uint16_t>(rest.empty() ? begin : rest);
        if (!from || !to || *from == 0 || *to < *from) {
            complain(
                *found,
                key,
                fmt::format("\"{}\" is no range of ports; write \"50000-50099\"", found->get()));
            return;
        }
        first = *from;
        last = *to;
    }

    // Whoever reaches the control socket rules: file permissions guard it, so it is never TCP.
    void only_unix(std::string_view key, const std::vector<std::string>& values) {
        for (const std::string& address : values) {
            if (!address.starts_with("unix:")) {
                complain(
                    *table_.get(key),
                    key,
                    fmt::format("\"{}\" is no unix socket; write \"unix:/run/staffetta/control\"",
                                address));
            }
        }
    }

    // The table below this one by that name; an empty one when it is absent.
    Section section(std::string_view key) {
        static const toml::table nothing;
        const auto* found = find_node(key);
        const auto* table = found == nullptr ? &nothing : found->as_table();
        if (table == nullptr) {
            complain(*found,
                     key,
                     fmt::format("is {}; write [{}] on a line of its own",
                                 type_name(*found),
                                 prefix_ + std::string(key)));
            table = &nothing;
        }
        return {*table, prefix_ + std::string(key) + ".", fault_};
    }

    // Calls `read` with each table of an array of tables ([[tls.more]]).
    template <class Read>
    void each_section(std::string_view key, Read read) {
        const auto* found = find_node(key);
        if (found == nullptr) {
            return;
        }
        const auto* array = found->as_array();
        if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
            complain(*found,
                     key,
                     fmt::format("is no list of tables; write [[{}{}]] before each", prefix_, key));
            return;
        }
        for (const toml::node& item : *array) {
            Section section(*item.as_table(), prefix_ + std::string(key) + ".", fault_);
            read(section);
            section.finish();
        }
    }

    void require(std::string_view key, const std::string& value, std::string_view remedy) {
        if (value.empty()) {
            fault_.set(table_.source(), fmt::format("{}{} is missing; {}", prefix_, key, remedy));
        }
    }

    // A value that reads well and cannot be.
    void refuse(std::string_view key, std::string_view text) {
        complain(*table_.get(key), key, text);
    }

    void finish() {
        for (const auto& [key, node] : table_) {
            if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) {
                continue;
            }
            const std::string_view near = nearest(key.str(), known_);
            fault_.set(
                key.source(),
                fmt::format("{}{}: there is no such key; {}",
                            prefix_,
                            key.str(),
                            near.empty() ? "remove it, or see docs/guide/configuration.md"
                                         : fmt::format("did you mean {}{}?", prefix_, near)));
        }
    }

    void complain(const toml::node& node, std::string_view key, std::string_view text) {
        fault_.set(node.source(), fmt::format("{}{}: {}", prefix_, key, text));
    }

  private:
    static std::string_view type_name(const toml::node& node) {
        switch (node.type()) {
            case toml::node_type::table:
                return "a table";
            case toml::node_type::array:
                return "a list";
            case toml::node_type::string:
                return "a text";
            case toml::node_type::integer:
                return "a whole number";
            case toml::node_type::boolean:
                return "true or false";
            default:
                return "a value of another kind";
        }
    }

    const toml::node* find_node(std::string_view key) {
        known_.push_back(key);
        return table_.get(key);
    }

    template <class T>
    const toml::value<T>* find(std::string_view key, std::string_view wanted) {
        const toml::node* node = find_node(key);
        if (node == nullptr) {
            return nullptr;
        }
        const auto* value = node->as<T>();
        if (value == nullptr) {
            complain(*node, key, fmt::format("is {}; write {}", type_name(*node), wanted));
        }
        return value;
    }

    // Those of a list that `objection` says nothing against.
    template <class Objection>
    void texts_unless(std::string_view key, std::vector<std::string>& values, Objection objection) {
        each_text(key, [&](const toml::value<std::string>& item) {
            const std::string complaint = objection(item.get());
            if (complaint.empty()) {
                values.push_back(item.get());
            } else {
                complain(item, key, complaint);
            }
        });
    }

    template <class Take>
    void each_text(std::string_view key, Take take) {
        const toml::node* node = find_node(key);
        if (node == nullptr) {
            return;
        }
        const toml::array* list = node->as_array();
        if (list == nullptr) {
            complain(*node,
                     key,
                     fmt::format("is {}; write a list of texts, as [\"...\"]", type_name(*node)));
            return;
        }
        for (const toml::node& item : *list) {
            if (const auto* text = item.as_string()) {
                take(*text);
            } else {
                complain(
                    item, key, fmt::format("holds {}; write a list of texts", type_name(item)));
            }
        }
    }

    const toml::table& table_;
    std::string prefix_;
    Fault& fault_;
    std::vector<std::string_view> known_;
};

}  // namespace app
