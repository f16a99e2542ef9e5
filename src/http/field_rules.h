// What the names and values of header fields may be made of (RFC 9110 5.5, 5.6), for requests and for
// what applications and upstreams answer.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tierce::http {

// True for the bytes of a token: letters, digits and !#$%&'*+-.^_`|~
extern const std::array<bool, 256> kTokenBytes;
inline bool is_token_byte(char c) { return kTokenBytes[static_cast<unsigned char>(c)]; }

// A field name: one token byte or more.
bool is_token(std::string_view text);

// A field value, a reason phrase: no control byte but HTAB, no 0x7f. So neither CR, LF nor NUL, and no
// value can start another line of the head it is written into.
bool is_field_value(std::string_view text);

// `lower` is in lower case; bytes of `text` that are no letters are compared as they are.
bool equals_ignoring_case(std::string_view text, std::string_view lower);

// Fields that are about one connection and are never passed on (RFC 9110 7.6.1).
bool is_hop_by_hop(std::string_view name);

// Without the blanks (SP and HTAB) on either side.
std::string_view trim_blanks(std::string_view text);

// Takes the next item of a comma-separated list off `list`, blanks trimmed. Empty items are legal.
std::string_view take_list_item(std::string_view& list);

}  // namespace tierce::http
