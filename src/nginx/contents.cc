#include "nginx/contents.h"

#include <fmt/format.h>

#include "nginx/pass.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

// nginx's: one transparent pixel (GIF89a, 43 bytes).
constexpr unsigned char kPixel[] = {'G', 'I',  'F',  '8',  '9', 'a',  1, 0, 1, 0,    0x80, 0x01, 0,   0, 0,
                                    0,   0xff, 0xff, 0xff, '!', 0xf9, 4, 1, 0, 0,    1,    0,    ',', 0, 0,
                                    0,   0,    1,    0,    1,   0,    0, 2, 2, 0x4c, 1,    0,    ';'};

int answer_with_pixel(Request& request) {
  if (!request.reads()) return 405;
  Response& response = request.response;
  response.restart();
  response.status = 200;
  response.content_type = "image/gif";
  response.last_modified = 23349600;  // As nginx gives it.
  response.set_text({reinterpret_cast<const char*>(kPixel), sizeof kPixel});
  return kSend;
}

int answer_with_counters(Request& request) {
  if (!request.reads()) return 405;
  const Counters& counters = request.site.counters();
  Response& response = request.response;
  response.restart();
  response.status = 200;
  response.content_type = "text/plain";
  response.set_text(
      fmt::format("Active connections: {} \nserver accepts handled requests\n {} {} {} \nReading: {} "
                  "Writing: {} Waiting: {} \n",
                  counters.active.load(), counters.accepted.load(), counters.handled.load(), counters.requests.load(),
                  counters.reading.load(), counters.writing.load(), counters.waiting.load()));
  return kSend;
}

}  // namespace

Async<int> answer_with_content(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  if (const auto how = how_to_pass(settings)) co_return co_await pass_request(request, *how);
  if (settings.empty_gif) co_return answer_with_pixel(request);
  if (settings.stub_status) co_return answer_with_counters(request);
  co_return answer_with_file(request);
}

}  // namespace tierce::nginx
