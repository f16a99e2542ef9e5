#include "nginx/browser.h"

#include <cstddef>

namespace tierce::nginx {
namespace {

using std::string_view;

bool has(string_view text, string_view word) { return text.find(word) != string_view::npos; }

}  // namespace

Browser browser_of(string_view user_agent) {
  if (has(user_agent, "Opera")) return {};  // It may call itself any other.
  Browser browser;
  if (const std::size_t at = user_agent.find("MSIE "); at != string_view::npos && at + 7 < user_agent.size()) {
    const char version = user_agent[at + 5];
    const bool one_digit = user_agent[at + 6] == '.';
    browser.msie = true;
    browser.msie6 =
        one_digit && (version == '4' || version == '5' || (version == '6' && !has(user_agent.substr(at + 8), "SV1")));
    return browser;
  }
  if (has(user_agent, "Gecko/")) return browser;
  browser.chrome = has(user_agent, "Chrome/");
  browser.safari = !browser.chrome && has(user_agent, "Safari/") && has(user_agent, "Mac OS X");
  return browser;
}

}  // namespace tierce::nginx
