#include "nginx/special_pages.h"

#include "nginx/browser.h"
#include "nginx/error_page.h"
#include "nginx/phases.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

bool ends_connection(int status) {
  return status == 400 || status == 413 || status == 414 || status == 500 || status == 501 ||
         (status >= 494 && status <= 497);
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
  response.fields.remove("last-modified");  // Of an upstream's answer that this one takes the place of.
  response.clear_body();
  response.status = told_status(status);
  response.content_type = "text/html";
  response.charset.clear();
  response.reason.clear();
  response.content_length = 0;
  if (request.answer_status > 0) response.status = request.answer_status;
  std::string page = error_page(status, product(*request.settings));
  if (page.empty()) {
    response.content_type.clear();
    return;
  }
  const Browser browser = browser_of(request.field("user-agent"));
  if (browser.msie || browser.chrome) page += error_page_padding(status);
  response.set_text(std::move(page));
}

int answer_with_error_page(Request& request, const conf::ErrorPage& page, int status) {
  Site& site = request.site;
  request.error_status = status;
  if (ends_connection(status)) request.keep_alive = false;
  // Without "=" the answer keeps the status that led to it.
  request.answer_status =
      page.answer_status ? (*page.answer_status == 0 ? 0 : *page.answer_status) : told_status(status);
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
