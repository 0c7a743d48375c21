// For tests: random mail out of few words, written in all the ways of MIME, and random keys of every kind, whose
// texts are pieces of the same words, so that they match now and then.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/random.h"
#include "mail/search.h"
#include "mail/types.h"
#include "mime/utf8.h"

namespace mail {

class RandomMail {
  public:
    // The days around which everything happens.
    static constexpr std::int64_t kBeginS = 1'763'500'000;
    static constexpr std::int64_t kDayS = 86'400;
    static constexpr std::uint64_t kDays = 8;

    explicit RandomMail(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

    // A message, a thread and a moment for it.
    void set_entry(Entry& entry) {
        entry.flags = static_cast<std::uint32_t>(random_.below(32));
        entry.keywords = random_.below(4);
        entry.modseq = 1 + random_.below(50);
        entry.received_s = moment();
        entry.saved_s = moment();
    }

    [[nodiscard]] std::string message(int depth = 0) {
        std::string octets;
        for (const char* const name : {"From", "To", "Subject", "X-Odd", "Cc", "Bcc"}) {
            if (!chance(3)) {
                octets += fmt::format("{}:{}{}\r\n", name, chance(6) ? "" : " ", field_body());
            }
        }
        if (!chance(5)) {
            octets += fmt::format("Date: {}\r\n", date());
        }
        if (depth > 2 || !chance(3)) {
            return octets + part();
        }
        octets += fmt::format("Content-Type: multipart/mixed; boundary=z{}z\r\n\r\n", depth);
        for (std::uint64_t left = 1 + below(3); left > 0; --left) {
            octets += fmt::format("--z{}z\r\n", depth);
            octets +=
                chance(3) ? "Content-Type: message/rfc822\r\n\r\n" + message(depth + 1) : part();
            octets += "\r\n";
        }
        return octets + fmt::format("--z{}z--\r\n", depth);
    }

    [[nodiscard]] SearchKey key(std::size_t depth) {
        const std::uint64_t choice = below(depth == 0 ? 10 : 14);
        switch (choice) {
            case 0:
            case 1:
            case 2:
                return entry_key();
            case 3:
                return sent_key();
            case 4:
            case 5: {
                static constexpr std::array kNames = {
                    "from", "Subject", "x-odd", "CC", "to", "bcc", "X-None", "Date", ""};
                return SearchKey::of_header(kNames[below(kNames.size())], text());
            }
            case 6:
            case 7:
                return SearchKey::of_text(SearchKind::kBody, text());
            case 8:
            case 9:
                return SearchKey::of_text(SearchKind::kText, text());
            case 10:
                return SearchKey::negation(key(depth - 1));
            default: {
                std::vector<SearchKey> children;
                for (std::uint64_t left = below(3) + 1; left > 0; --left) {
                    children.push_back(key(depth - 1));
                }
                return SearchKey::of(choice == 11 ? SearchKind::kOr : SearchKind::kAnd,
                                     std::move(children));
            }
        }
    }

  private:
    // Letters of one to four octets, with and without case; some become more or fewer when they are folded.
    [[nodiscard]] std::string word() {
        static constexpr std::array kWords = {
            "ketchup", "Ketch", "up",      "crêpe",    "CRÊPES", "東京都",   "京",     "a",
            "b@x.y",   "...",   "Straße",  "STRASSE",  "x-odd",  "100",      "up to",  "İstanbul",
            "ﬁsh",     "FISH",  "ΣΊΣΥΦΟΣ", "ς",        "Å",      "½",        "한국",   "🍔",
            "e\u0301", "é",     "ǆ",       "\u00a0",   "\t",     "un-known", "_x_",    "=",
            "a.b,c;d", "<p>",   "&amp;",   "=?utf-8?", "?=",     "it's",     "\u2028", "Ω",
        };
        if (chance(60)) {
            return std::string(1 + below(400), 'a');
        }
        return kWords[below(kWords.size())];
    }

    [[nodiscard]] std::string words(std::uint64_t count_max) {
        std::string text;
        for (std::uint64_t left = below(count_max) + 1; left > 0; --left) {
            text += word();
            text += chance(5) ? "\r\n" : chance(4) ? "" : chance(9) ? "  " : " ";
        }
        return text;
    }

    [[nodiscard]] std::string one_line(std::uint64_t count_max) {
        std::string text = words(count_max);
        std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
        return text;
    }

    // As it is, folded, in encoded words, one character of two of them, or what is none.
    [[nodiscard]] std::string field_body() {
        std::string text = one_line(4);
        switch (below(7)) {
            case 0:
                return fmt::format("=?utf-8?b?{}?=", base::base64_encode(text));
            case 1:
                return fmt::format("=?UTF-8?Q?{}?=", quoted(text, '_'));
            case 2: {
                const std::string second = one_line(2);
                return fmt::format("=?utf-8?b?{}?=\r\n =?utf-8?q?{}?= {}",
                                   base::base64_encode(text),
                                   quoted(second, '_'),
                                   one_line(1));
            }
            case 3:
                return one_line(2) + "\r\n\t" + text;
            case 4:
                return chance(2) ? "=?iso-8859-1?q?Stra=DFe_cr=EApe?=" : "cr\xeape";
            default:
                return text;
        }
    }

    // A part that is read, or a file.
    [[nodiscard]] std::string part() {
        const bool html = chance(4);
        std::string head = fmt::format("Content-Type: text/{}; charset=", html ? "html" : "plain");
        std::string body = words(20);
        if (chance(6)) {
            head += "iso-8859-1\r\n";
            body =
                "Stra\xdf"
                "e cr\xeape " +
                one_line(1);
        } else {
            head += "utf-8\r\n";
        }
        if (chance(5)) {
            head += fmt::format("Content-Disposition: attachment; filename=\"{}\"\r\n",
                                chance(2) ? "ketchup up.txt" : "crêpe.txt");
        }
        if (chance(6)) {
            head += fmt::format("Content-Description: {}\r\n", field_body());
        }
        switch (below(4)) {
            case 0:
                head += "Content-Transfer-Encoding: base64\r\n";
                body = base::base64_encode(body) + "\r\n";
                break;
            case 1:
                head += "Content-Transfer-Encoding: quoted-printable\r\n";
                body = quoted(body, '\0');
                break;
            default:
                break;
        }
        return head + "\r\n" + (html ? "<p>" + body + "</p>" : body);
    }

    // Q of RFC 2047, with `space` for spaces; quoted-printable without one, and with soft line breaks.
    [[nodiscard]] static std::string quoted(std::string_view text, char space) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (base::is_alnum(c)) {
                out += c;
            } else if (c == ' ' && space != '\0') {
                out += space;
            } else {
                out += fmt::format("={:02X}", static_cast<unsigned char>(c));
            }
            if (space == '\0' && i % 17 == 16) {
                out += "=\r\n";
            }
        }
        return out;
    }

    [[nodiscard]] std::int64_t moment() {
        return kBeginS +
               static_cast<std::int64_t>(below(kDays * static_cast<std::uint64_t>(kDayS)));
    }

    [[nodiscard]] std::chrono::sys_days day() {
        return std::chrono::floor<std::chrono::days>(
            std::chrono::sys_seconds(std::chrono::seconds(moment())));
    }

    // In any zone, as everybody writes it, or nonsense.
    [[nodiscard]] std::string date() {
        static constexpr std::array kZones = {
            "+0000", "-0500", "+0900", "+1400", "-1200", "EST", "GMT", "-0000", ""};
        if (chance(10)) {
            return chance(2) ? "yesterday" : "";
        }
        const std::chrono::year_month_day ymd(day());
        return fmt::format("{} Nov {} {:02}:{:02}:00 {}",
                           static_cast<unsigned>(ymd.day()),
                           static_cast<int>(ymd.year()),
                           below(24),
                           below(60),
                           kZones[below(kZones.size())]);
    }

    [[nodiscard]] SearchKey entry_key() {
        using Kind = SearchKind;
        static constexpr std::array kDayKinds = {Kind::kBefore,
                                                 Kind::kOn,
                                                 Kind::kSince,
                                                 Kind::kSavedBefore,
                                                 Kind::kSavedOn,
                                                 Kind::kSavedSince};
        switch (below(9)) {
            case 0:
                return SearchKey::of_flag(1U << below(5));
            case 1: {
                const auto first = 1 + static_cast<Uid>(below(200));
                return SearchKey::of_uids(UidSet(first, first + static_cast<Uid>(below(200))));
            }
            case 2:
                return SearchKey::of_number(chance(2) ? Kind::kLarger : Kind::kSmaller, below(600));
            case 3:
                return SearchKey::of_text(Kind::kKeyword,
                                          chance(2)   ? "$junk"
                                          : chance(2) ? "WORK"
                                                      : "none");
            case 4:
                return SearchKey::of_day(kDayKinds[below(kDayKinds.size())], day());
            case 5:
                return SearchKey::of_number(chance(2) ? Kind::kOlder : Kind::kYounger,
                                            below(kDays * static_cast<std::uint64_t>(kDayS)));
            case 6:
                return SearchKey::of_number(Kind::kModseq, below(52));
            case 7:
                return SearchKey::of_number(chance(2) ? Kind::kEmailId : Kind::kThreadId,
                                            below(100));
            default:
                return SearchKey::of(chance(2)   ? Kind::kRecent
                                     : chance(2) ? Kind::kAll
                                                 : Kind::kSaveDateSupported,
                                     {});
        }
    }

    [[nodiscard]] SearchKey sent_key() {
        static constexpr std::array kKinds = {
            SearchKind::kSentBefore, SearchKind::kSentOn, SearchKind::kSentSince};
        return SearchKey::of_day(kKinds[below(kKinds.size())], day());
    }

    // A piece of text as it might stand in a message: of no characters up to the most that there may be.
    [[nodiscard]] std::string text() {
        if (chance(40)) {
            return std::string(below(kSearchTextOctetsMax + 1), 'a');
        }
        if (chance(20)) {
            return chance(2) ? "subject: " + word() : "x-odd:";
        }
        const std::string all = one_line(3);
        std::string piece;
        std::string_view rest = all;
        for (std::uint64_t skip = below(4); skip > 0 && !rest.empty(); --skip) {
            static_cast<void>(mime::take_utf8(rest));
        }
        for (std::uint64_t left = below(11); left > 0 && !rest.empty(); --left) {
            mime::append_utf8(piece, mime::take_utf8(rest));
        }
        return piece;
    }

    base::SeededRandom random_;
};

}  // namespace mail
