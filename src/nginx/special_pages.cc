#include "nginx/special_pages.h"

#include <fmt/format.h>

#include <array>

#include "http/response_head.h"
#include "nginx/phases.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

struct Title {
  int status;
  std::string_view title;
  std::string_view heading;  // "": the title.
  std::string_view text;
};

constexpr auto kTitles = std::to_array<Title>({
    {301, "301 Moved Permanently", "", ""},
    {302, "302 Found", "", ""},
    {303, "303 See Other", "", ""},
    {307, "307 Temporary Redirect", "", ""},
    {308, "308 Permanent Redirect", "", ""},
    {400, "400 Bad Request", "", ""},
    {401, "401 Authorization Required", "", ""},
    {402, "402 Payment Required", "", ""},
    {403, "403 Forbidden", "", ""},
    {404, "404 Not Found", "", ""},
    {405, "405 Not Allowed", "", ""},
    {406, "406 Not Acceptable", "", ""},
    {408, "408 Request Time-out", "", ""},
    {409, "409 Conflict", "", ""},
    {410, "410 Gone", "", ""},
    {411, "411 Length Required", "", ""},
    {412, "412 Precondition Failed", "", ""},
    {413, "413 Request Entity Too Large", "", ""},
    {414, "414 Request-URI Too Large", "", ""},
    {415, "415 Unsupported Media Type", "", ""},
    {416, "416 Requested Range Not Satisfiable", "", ""},
    {421, "421 Misdirected Request", "", ""},
    {429, "429 Too Many Requests", "", ""},
    {494, "400 Request Header Or Cookie Too Large", "400 Bad Request", "Request Header Or Cookie Too Large"},
    {495, "400 The SSL certificate error", "400 Bad Request", "The SSL certificate error"},
    {496, "400 No required SSL certificate was sent", "400 Bad Request", "No required SSL certificate was sent"},
    {497, "400 The plain HTTP request was sent to HTTPS port", "400 Bad Request",
     "The plain HTTP request was sent to HTTPS port"},
    {500, "500 Internal Server Error", "", ""},
    {501, "501 Not Implemented", "", ""},
    {502, "502 Bad Gateway", "", ""},
    {503, "503 Service Temporarily Unavailable", "", ""},
    {504, "504 Gateway Time-out", "", ""},
    {505, "505 HTTP Version Not Supported", "", ""},
    {507, "507 Insufficient Storage", "", ""},
});

bool ends_connection(int status) {
  return status == 400 || status == 413 || status == 414 || status == 500 || status == 501 ||
         (status >= 494 && status <= 497);
}

bool pads_for_msie(const Request& request) {
  return request.field("user-agent").find("MSIE ") != std::string_view::npos &&
         request.field("user-agent").find("Opera") == std::string_view::npos;
}

}  // namespace

std::string_view product(const conf::LocationSettings& settings) {
  if (settings.server_tokens == conf::ServerTokens::kOff) return "tierce";
  return "tierce/" TIERCE_VERSION;
}

void make_special_page(Request& request, int status) {
  Response& response = request.response;
  if (ends_connection(status)) request.keep_alive = false;
  if (status == 400 || (status >= 495 && status <= 497)) request.lingers = false;
  response.clear_validators();
  response.clear_body();
  response.status = status >= 494 && status <= 497 ? 400 : status;
  response.content_type = "text/html";
  response.charset.clear();
  response.reason.clear();
  response.content_length = 0;
  if (request.answer_status > 0) response.status = request.answer_status;
  for (const Title& each : kTitles) {
    if (each.status != status) continue;
    std::string page = fmt::format(
        "<html>\r\n<head><title>{}</title></head>\r\n<body>\r\n<center><h1>{}</h1></center>\r\n", each.title,
        each.heading.empty() ? each.title : each.heading);
    if (!each.text.empty()) page += fmt::format("<center>{}</center>\r\n", each.text);
    page += fmt::format("<hr><center>{}</center>\r\n</body>\r\n</html>\r\n", product(*request.settings));
    if (status >= 400 && pads_for_msie(request)) {
      for (int i = 0; i < 6; ++i) page += "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n";
    }
    return response.set_text(std::move(page));
  }
  if (status < 400) response.content_type.clear();
}

int answer_with_error_page(Request& request, const conf::ErrorPage& page, int status) {
  Site& site = request.site;
  request.error_status = status;
  if (ends_connection(status)) request.keep_alive = false;
  // Without "=" the answer keeps the status that led to it.
  request.answer_status = page.answer_status ? (*page.answer_status == 0 ? 0 : *page.answer_status)
                                             : (status >= 494 && status <= 497 ? 400 : status);
  const std::string uri = site.text(request, page.uri);
  if (uri.starts_with('/')) {
    if (request.method != http::Method::kHead) {
      request.method = http::Method::kGet;
      request.method_name = "GET";
    }
    return redirect_internally(request, uri);
  }
  if (uri.starts_with('@')) return redirect_to_named(request, uri);
  // Another place altogether: a redirect.
  const int given = page.answer_status.value_or(0);
  const bool redirect = given == 301 || given == 302 || given == 303 || given == 307 || given == 308;
  request.answer_status = -1;
  request.response.restart();
  request.response.location = uri;
  make_special_page(request, redirect ? given : 302);
  return kSend;
}

}  // namespace tierce::nginx
