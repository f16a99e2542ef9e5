#include "check/flask_names.h"

#include <gtest/gtest.h>

namespace tierce::check {
namespace {

TEST(FlaskNames, FindsADecoratorThatFlaskDoesNotHave) {
  const auto found =
      wrong_decorators("from flask import Flask\n\napp = Flask(__name__)  \n\n@app.routes(\"/\")\ndef f(): pass\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 5);
  EXPECT_EQ(found[0].attribute, "routes");
  EXPECT_EQ(found[0].near, "route");
}

TEST(FlaskNames, SaysNothingOfWhatMayBeRight) {
  const std::string head = "from flask import Flask\napp = Flask(__name__)\n";
  for (const char* text : {"@app.route('/')\n", "@app.before_request\n", "@app.cli.command()\n", "@app.task\n",
                           "@other.routes('/')\n", "    @app.routes('/')\n", "app.routes = print\n@app.routes('/')\n",
                           "x = '''\n@app.routes('/')\n'''\n", "\"\"\"doc\n@app.routes\n\"\"\"\n"}) {
    EXPECT_TRUE(wrong_decorators(head + text).empty()) << text;
  }
  EXPECT_TRUE(wrong_decorators("app = Flask(__name__)\n@app.routes('/')\n").empty());
  EXPECT_TRUE(wrong_decorators("from flask import Flask\napp = create_app()\n@app.routes('/')\n").empty());
}

}  // namespace
}  // namespace tierce::check
