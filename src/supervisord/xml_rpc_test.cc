#include "supervisord/xml_rpc.h"

#include <gtest/gtest.h>

namespace tierce::supervisord {
namespace {

TEST(XmlRpc, WhatIsWrittenIsReadBack) {
  const Call call{"supervisor.x",
                  {true, 5, "a <b> & \"c\"", Value::Array{1, Value::Array{}}, Value::Struct{{"k", "v"}}}};
  const auto read = parse_call(write_call(call));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->method, "supervisor.x");
  ASSERT_EQ(read->parameters.size(), 5u);
  EXPECT_EQ(*read->parameters[0].as<bool>(), true);
  EXPECT_EQ(*read->parameters[1].as<long>(), 5);
  EXPECT_EQ(*read->parameters[2].as<std::string>(), "a <b> & \"c\"");
  EXPECT_EQ(read->parameters[3].as<Value::Array>()->size(), 2u);
  EXPECT_EQ(*read->parameters[4].field("k")->as<std::string>(), "v");
  const auto fault_read = parse_response(write_response(fault(FaultCode::kBadName, "x")));
  ASSERT_TRUE(fault_read);
  EXPECT_EQ(std::get<Fault>(*fault_read).text, "BAD_NAME: x");
}

TEST(XmlRpc, ReadsWhatOthersWrite) {
  const auto call = parse_call(
      "<?xml version='1.0'?>\n<methodCall>\n <methodName> a.b "
      "</methodName>\n<params><param>\n<value>plain</value></param>"
      "<param><value><i4> 7 </i4></value></param><param><value><base64>YQ==</base64></value></param>"
      "<param><value><struct>\n<member>\n<name>n</name>\n<value><boolean>1</boolean></value>\n</member>\n</struct></"
      "value>"
      "</param></params></methodCall>");
  ASSERT_TRUE(call) << call.error().text();
  EXPECT_EQ(call->method, "a.b");
  EXPECT_EQ(*call->parameters[0].as<std::string>(), "plain");
  EXPECT_EQ(*call->parameters[1].as<long>(), 7);
  EXPECT_EQ(*call->parameters[2].as<std::string>(), "a");
  EXPECT_EQ(*call->parameters[3].field("n")->as<bool>(), true);
}

TEST(XmlRpc, WritesAnyBytesAsXml) {
  const std::string bytes = std::string("\x1b[1m\0\xff\xc3\xa4\xed\xa0\x80\r", 12);
  const auto read = parse_response(write_response(Value(bytes)));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*std::get<Value>(*read).as<std::string>(),
            "?[1m?\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\r");
}

}  // namespace
}  // namespace tierce::supervisord
