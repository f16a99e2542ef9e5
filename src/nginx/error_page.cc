#include "nginx/error_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tierce::nginx {
namespace {

using std::string_view;

struct Title {
  int status;
  string_view text;
};

constexpr auto kTitles = std::to_array<Title>({
    {301, "301 Moved Permanently"},
    {302, "302 Found"},
    {303, "303 See Other"},
    {307, "307 Temporary Redirect"},
    {308, "308 Permanent Redirect"},
    {400, "400 Bad Request"},
    {401, "401 Authorization Required"},
    {402, "402 Payment Required"},
    {403, "403 Forbidden"},
    {404, "404 Not Found"},
    {405, "405 Not Allowed"},
    {406, "406 Not Acceptable"},
    {408, "408 Request Time-out"},
    {409, "409 Conflict"},
    {410, "410 Gone"},
    {411, "411 Length Required"},
    {412, "412 Precondition Failed"},
    {413, "413 Request Entity Too Large"},
    {414, "414 Request-URI Too Large"},
    {415, "415 Unsupported Media Type"},
    {416, "416 Requested Range Not Satisfiable"},
    {421, "421 Misdirected Request"},
    {429, "429 Too Many Requests"},
    {494, "Request Header Or Cookie Too Large"},
    {495, "The SSL certificate error"},
    {496, "No required SSL certificate was sent"},
    {497, "The plain HTTP request was sent to HTTPS port"},
    {498, "404 Not Found"},  // nginx keeps this number for itself and has the page of another.
    {500, "500 Internal Server Error"},
    {501, "501 Not Implemented"},
    {502, "502 Bad Gateway"},
    {503, "503 Service Temporarily Unavailable"},
    {504, "504 Gateway Time-out"},
    {505, "505 HTTP Version Not Supported"},
    {507, "507 Insufficient Storage"},
});
static_assert(std::is_sorted(kTitles.begin(), kTitles.end(),
                             [](const Title& a, const Title& b) { return a.status < b.status; }));

string_view title_of(int status) {
  const auto found = std::lower_bound(kTitles.begin(), kTitles.end(), status,
                                      [](const Title& title, int number) { return title.status < number; });
  return found != kTitles.end() && found->status == status ? found->text : string_view();
}

bool is_kind_of_400(int status) { return status >= 494 && status <= 497; }

constexpr string_view kPage =
    "<html>\r\n<head><title>{}</title></head>\r\n<body>\r\n<center><h1>{}</h1></center>\r\n{}"
    "<hr><center>{}</center>\r\n</body>\r\n</html>\r\n";

}  // namespace

std::string server_word(bool tokens, string_view version) {
  return tokens ? fmt::format("tierce/{}", version) : std::string("tierce");
}

int told_status(int status) { return is_kind_of_400(status) ? 400 : status; }

std::string error_page(int status, string_view server) {
  const string_view title = title_of(status);
  if (title.empty()) return {};
  if (!is_kind_of_400(status)) return fmt::format(fmt::runtime(kPage), title, title, "", server);
  return fmt::format(fmt::runtime(kPage), fmt::format("400 {}", title), "400 Bad Request",
                     fmt::format("<center>{}</center>\r\n", title), server);
}

string_view error_page_padding(int status) {
  static const std::string padding = [] {
    std::string text;
    for (int i = 0; i < 6; ++i) text += "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n";
    return text;
  }();
  return status >= 400 && !title_of(status).empty() ? string_view(padding) : string_view();
}

std::string refresh_page(string_view location) {
  std::string link;
  for (const char c : location) {
    if (c == '"') {
      link += "%22";
    } else if (c == '<') {
      link += "%3C";
    } else if (c == '>') {
      link += "%3E";
    } else if (c == ' ') {
      link += "%20";
    } else {
      link += c;
    }
  }
  return fmt::format("<html><head><meta http-equiv=\"Refresh\" content=\"0; URL={}\"></head><body></body></html>\r\n",
                     link);
}

}  // namespace tierce::nginx
