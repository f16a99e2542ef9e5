#include "config/wire_protocol.h"

#include <gtest/gtest.h>

namespace tierce::config {

TEST(SplitBind, TakesTheProtocolOffTheAddress) {
  struct Case {
    const char* bind;
    WireProtocol protocol;
    const char* endpoint;
    Tls tls = Tls::kOff;
  };
  const Case cases[] = {
      {"127.0.0.1:8000", WireProtocol::kHttp, "127.0.0.1:8000"},
      {"http://[::1]:8000", WireProtocol::kHttp, "[::1]:8000"},
      {"unix:/run/app.sock", WireProtocol::kHttp, "unix:/run/app.sock"},
      {"fd://3", WireProtocol::kHttp, "fd://3"},
      {"uwsgi://:3031", WireProtocol::kUwsgi, ":3031"},
      {"uwsgi://unix:/run/app.sock", WireProtocol::kUwsgi, "unix:/run/app.sock"},
      {"uwsgi:///run/app.sock", WireProtocol::kUwsgi, "unix:/run/app.sock"},
      {"https://:8443", WireProtocol::kHttp, ":8443", Tls::kOn},
      {"https:///run/app.sock", WireProtocol::kHttp, "unix:/run/app.sock", Tls::kOn},
      {"to-https://:80", WireProtocol::kHttp, ":80", Tls::kRedirect},
      {"fastcgi://fd://3", WireProtocol::kFastcgi, "fd://3"},
      {"scgi://localhost:4000", WireProtocol::kScgi, "localhost:4000"},
  };
  for (const Case& c : cases) {
    const BindAddress got = split_bind(c.bind);
    EXPECT_EQ(got.protocol, c.protocol) << c.bind;
    EXPECT_EQ(got.endpoint, c.endpoint) << c.bind;
    EXPECT_EQ(got.tls, c.tls) << c.bind;
  }
}

}  // namespace tierce::config
