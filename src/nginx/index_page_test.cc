#include "nginx/index_page.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

using config::nginx::IndexFormat;
using Kind = IndexEntry::Kind;

constexpr std::time_t kTime = 1'700'000'000;

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// The line that an HTML page has for it.
std::string line_of(IndexEntry entry, const IndexLook& look = {}) {
  entry.modified = kTime;
  const std::string page = index_page("/", {std::move(entry)}, look);
  const std::size_t from = page.find("../</a>\r\n") + 9;
  return page.substr(from, page.find("\r\n</pre>") - from);
}

// What these tests expect was written by nginx 1.22 for the same files.
TEST(IndexPage, DirectoriesComeFirstAndNamesInTheOrderOfTheirBytes) {
  EXPECT_EQ(index_page("/es<c>&'\"/",
                       {{"b.txt", Kind::kFile, 9999, kTime},
                        {"sub", Kind::kDirectory, 4096, kTime},
                        {"Zeta", Kind::kFile, 10'000, kTime},
                        {"\xc3\x9cnder", Kind::kDirectory, 4096, kTime}},
                       {}),
            "<html>\r\n<head><title>Index of /es&lt;c&gt;&amp;'&quot;/</title></head>\r\n<body>\r\n"
            "<h1>Index of /es&lt;c&gt;&amp;'&quot;/</h1><hr><pre><a href=\"../\">../</a>\r\n"
            "<a href=\"sub/\">sub/</a>                                               14-Nov-2023 22:13                 "
            "  -\r\n"
            "<a href=\"%C3%9Cnder/\">\xc3\x9cnder/</a>                                            14-Nov-2023 22:13  "
            "                 -\r\n"
            "<a href=\"Zeta\">Zeta</a>                                               14-Nov-2023 22:13               "
            "10000\r\n"
            "<a href=\"b.txt\">b.txt</a>                                              14-Nov-2023 22:13              "
            "  9999\r\n"
            "</pre><hr></body>\r\n</html>\r\n");
}

TEST(IndexPage, NamesAreEscapedAndCut) {
  EXPECT_EQ(line_of({"<x>\"'.html", Kind::kFile, 74}),
            "<a href=\"%3Cx%3E%22%27.html\">&lt;x&gt;&quot;'.html</a>                                         "
            "14-Nov-2023 22:13                  74");
  const std::string date = "14-Nov-2023 22:13                   ";
  const std::string x46 = repeated("x", 46);
  EXPECT_EQ(line_of({x46 + "<<<<<", Kind::kFile, 1}),
            "<a href=\"" + x46 + "%3C%3C%3C%3C%3C\">" + x46 + "&lt;..&gt;</a> " + date + "1");
  const std::string d49 = repeated("d", 49), d50 = d49 + "d", d51 = d50 + "d";
  EXPECT_EQ(line_of({d49, Kind::kDirectory}), "<a href=\"" + d49 + "/\">" + d49 + "/</a> " + date + "-");
  EXPECT_EQ(line_of({d50, Kind::kDirectory}), "<a href=\"" + d50 + "/\">" + d50 + "</a> " + date + "-");
  EXPECT_EQ(line_of({d51, Kind::kDirectory}),
            "<a href=\"" + d51 + "/\">" + d51.substr(0, 47) + "..&gt;</a> " + date + "-");
}

TEST(IndexPage, CharactersCountWhenThePageIsUtf8) {
  const std::string u = "\xc3\xbc", link = repeated("%C3%BC", 48);
  const std::string name = repeated(u, 48);
  const std::string date = " 14-Nov-2023 22:13                   ";
  EXPECT_EQ(line_of({name, Kind::kFile, 1}, {.utf8 = true}),
            "<a href=\"" + link + "\">" + name + "</a>  " + date + "1");
  EXPECT_EQ(line_of({name, Kind::kFile, 1}),
            "<a href=\"" + link + "\">" + repeated(u, 23) + "\xc3..&gt;</a>" + date + "1");
  EXPECT_EQ(line_of({name + u + u + u, Kind::kFile, 1}, {.utf8 = true}),
            "<a href=\"" + link + repeated("%C3%BC", 3) + "\">" + repeated(u, 47) + "..&gt;</a>" + date + "1");
  EXPECT_EQ(line_of({"bad\xff", Kind::kFile, 1}, {.utf8 = true}),
            "<a href=\"bad%FF\">bad\xff</a>" + std::string(46, ' ') + date + "1");
}

TEST(IndexPage, RoundSizesHaveAUnit) {
  struct Case {
    std::int64_t bytes;
    std::string_view end;
  };
  for (const Case& c : {Case{0, "       0"}, Case{9999, "    9999"}, Case{10'000, "     10K"}, Case{10'239, "     10K"},
                        Case{10'752, "     11K"}, Case{1'048'064, "   1024K"}, Case{1'048'576, "      1M"},
                        Case{5'857'280, "      6M"}, Case{1'610'612'737, "      2G"}}) {
    EXPECT_TRUE(line_of({"x", Kind::kFile, c.bytes}, {.exact_size = false}).ends_with(c.end)) << c.bytes;
  }
  EXPECT_TRUE(line_of({"x", Kind::kDirectory, 1}, {.exact_size = false}).ends_with(" 22:13       -"));
}

TEST(IndexPage, LocalTimeIsAheadOfUtc) {
  EXPECT_NE(line_of({"x", Kind::kFile, 0}, {.minutes_ahead = 120}).find(" 15-Nov-2023 00:13 "), std::string::npos);
}

TEST(IndexPage, JsonNamesTheKind) {
  const std::vector<IndexEntry> entries = {{"x\v\b\"\x7f\n", Kind::kFile, 12, kTime},
                                           {"fifo", Kind::kOther, 0, kTime},
                                           {"sub", Kind::kDirectory, 4096, kTime}};
  const std::string list =
      "[\r\n"
      "{ \"name\":\"sub\", \"type\":\"directory\", \"mtime\":\"Tue, 14 Nov 2023 22:13:20 GMT\" },\r\n"
      "{ \"name\":\"fifo\", \"type\":\"other\", \"mtime\":\"Tue, 14 Nov 2023 22:13:20 GMT\" },\r\n"
      "{ \"name\":\"x\\u000B\\b\\\"\x7f\\n\", \"type\":\"file\", \"mtime\":\"Tue, 14 Nov 2023 22:13:20 GMT\", "
      "\"size\":12 }\r\n]";
  EXPECT_EQ(index_page("/", entries, {.format = IndexFormat::kJson, .callback = "unused"}), list);
  const IndexLook call{.format = IndexFormat::kJsonp, .callback = "my.cb"};
  EXPECT_EQ(index_page("/", entries, call), "/* callback */\r\nmy.cb(" + list + ");");
  EXPECT_EQ(index_content_type(call), "application/javascript");
  EXPECT_EQ(index_content_type({.format = IndexFormat::kJsonp}), "application/json");
  EXPECT_EQ(index_page("/", {}, {.format = IndexFormat::kJson}), "[\r\n]");
}

TEST(IndexPage, XmlNamesTheKind) {
  const IndexLook look{.format = IndexFormat::kXml};
  EXPECT_EQ(index_page("/", {{"a&b", Kind::kFile, 12, kTime}, {"sub", Kind::kDirectory, 1, kTime}}, look),
            "<?xml version=\"1.0\"?>\r\n<list>\r\n"
            "<directory mtime=\"2023-11-14T22:13:20Z\">sub</directory>\r\n"
            "<file mtime=\"2023-11-14T22:13:20Z\" size=\"12\">a&amp;b</file>\r\n</list>\r\n");
}

TEST(IndexPage, ACallbackIsAName) {
  EXPECT_TRUE(is_callback("jQuery_1.done"));
  EXPECT_TRUE(is_callback(std::string(128, 'a')));
  EXPECT_FALSE(is_callback(std::string(129, 'a')));
  for (const char* bad : {"a(b", "a-b", "$", "a%20", "a[0]"}) EXPECT_FALSE(is_callback(bad)) << bad;
}

}  // namespace
}  // namespace tierce::nginx
