// Answers for statuses: what error_page names, or a page of our own in nginx's shape.
#pragma once

#include <string>
#include <string_view>

#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

// nginx's own statuses: a head that is too large, troubles of TLS. Clients see 400 for all of them.
inline constexpr int kHeadTooLarge = 494;
inline constexpr int kCertificateRefused = 495;
inline constexpr int kNoCertificate = 496;
inline constexpr int kPlainAtTls = 497;
// The client has gone: for logs alone.
inline constexpr int kClientGone = 499;

// The response is that page from here on.
void make_special_page(Request& request, int status);
// kRestart and its kin, or a status.
int answer_with_error_page(Request& request, const conf::ErrorPage& page, int status);
// Of the Server field and at the foot of pages.
std::string_view product(const conf::LocationSettings& settings);

}  // namespace tierce::nginx
