#include "domain/schema/fields.hpp"

#include <gtest/gtest.h>

#include <map>

#include "domain/entities/context.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using testing::issues;
using testing::parse;
using Issues = std::map<std::string, std::string>;

TEST(PlatformFields, NameEveryRejectedMemberByItsPointer) {
  const auto refused = issues(Platform::read_new(parse(R"({
      "key": "a/b", "name": "", "enabled": 1, "config": [], "description": "a\u0000b", "id": 3, "a/b~": 1})")));

  ASSERT_EQ(refused.size(), 7U);
  EXPECT_TRUE(refused.contains("/key"));
  EXPECT_EQ(refused.at("/name"), "must not be empty");
  EXPECT_EQ(refused.at("/enabled"), "must be true or false");
  EXPECT_EQ(refused.at("/config"), "must be an object");
  EXPECT_EQ(refused.at("/description"), "must be UTF-8 text without control characters");
  EXPECT_EQ(refused.at("/id"), "is set by the server");
  EXPECT_EQ(refused.at("/a~1b~0"), "is not known here");
}

TEST(PlatformFields, SaysWhatIsMissing) {
  const auto refused = Platform::read_new(parse("{}"));

  EXPECT_EQ(issues(refused), (Issues{{"/key", "is required"}, {"/name", "is required"}}));
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_EQ(refused.error().message, "/key is required; /name is required");
}

TEST(PlatformFields, MustBeAnObject) {
  EXPECT_EQ(issues(Platform::read_new(parse("[]"))), (Issues{{"", "must be an object"}}));
  EXPECT_EQ(issues(patched(Platform{}, parse("null"))), (Issues{{"", "must be an object"}}));
}

TEST(PlatformFields, APatchKeepsWhatItDoesNotName) {
  Platform platform;
  platform.name = "Web";
  platform.enabled = true;
  platform.config = {{"a", 1}, {"b", 2}};

  platform = patched(platform, parse(R"({"enabled": false, "config": {"a": 3}})")).value();

  EXPECT_EQ(platform.name, "Web");
  EXPECT_FALSE(platform.enabled);
  EXPECT_EQ(json::serialize(platform.config), R"({"a":3})");
}

TEST(PlatformFields, TheKeyStaysForLife) {
  EXPECT_EQ(issues(patched(Platform{}, parse(R"({"key": "ios"})"))).at("/key"), "cannot be changed");
}

TEST(PlatformFields, BoundsSizeAndDepthOfTheConfig) {
  json::object fits{{"text", std::string(kMaxConfig - 11, 'x')}};
  json::object large{{"text", std::string(kMaxConfig - 10, 'x')}};
  json::value deep = json::object{};
  for (std::size_t i = 1; i < kMaxConfigDepth; ++i) deep = {{"a", deep}};
  const json::value deeper = {{"a", deep}};
  const auto with = [](const json::value& config) {
    return Platform::read_new(json::object{{"key", "web"}, {"name", "Web"}, {"config", config}});
  };

  EXPECT_TRUE(with(fits).has_value());
  EXPECT_TRUE(issues(with(large)).contains("/config"));
  EXPECT_TRUE(with(deep).has_value());
  EXPECT_TRUE(issues(with(deeper)).contains("/config"));
}

TEST(PlatformFields, NamesAreOneLineOfText) {
  for (const char* bad : {R"({"name":"a\nb"})", R"({"name":"\ud800"})", R"({"name":"\u007f"})",
                          R"({"name":7})", R"({"name":"\u009b31m"})", R"({"name":"safe\u202egpj"})",
                          R"({"name":"a\u2028b"})", R"({"name":"\u2066a"})"})
    EXPECT_TRUE(issues(patched(Platform{}, parse(bad))).contains("/name")) << bad;
  EXPECT_TRUE(patched(Platform{}, parse(R"({"name":"Größe 😀","description":"a\nb\tc"})")).has_value());
}

TEST(PlatformFields, ANameThatAnOlderVersionAcceptedStaysReadable) {
  json::object body = to_json(Platform::read_new(parse(R"({"key":"web","name":"Web"})")).value());
  body["id"] = 7;
  body["name"] =
      "a\xc2\x9b"
      "b";

  EXPECT_TRUE(Platform::from_json(body).has_value());
  EXPECT_TRUE(issues(patched(Platform{}, json::object{{"name", body["name"]}})).contains("/name"));
}

TEST(Platform, ReadsBackWhatItWrites) {
  Platform platform;
  platform.id = 7;
  platform.revision = 42;
  platform.created_at = {1'700'000'000'001};
  platform.updated_at = {1'700'000'000'002};
  platform.key = "web";
  platform.name = "Web";
  platform.config = {{"theme", "dark"}, {"ratio", 0.5}, {"list", {1, nullptr, "x"}}};

  const auto text = json::canonical(to_json(platform));

  EXPECT_EQ(
      text,
      R"({"config":{"list":[1,null,"x"],"ratio":0.5,"theme":"dark"},"created_at":"2023-11-14T22:13:20.001Z",)"
      R"("description":"","enabled":true,"id":7,"key":"web","maintenance_note":"","name":"Web","revision":42,)"
      R"("updated_at":"2023-11-14T22:13:20.002Z"})");
  EXPECT_EQ(json::canonical(to_json(Platform::from_json(parse(text)).value())), text);
}

TEST(Platform, ADamagedStoredBodyIsAnInternalError) {
  const auto damaged = Platform::from_json(parse(R"({"id":7})"));

  ASSERT_FALSE(damaged.has_value());
  EXPECT_EQ(damaged.error().code, Errc::internal);
}

TEST(ClientFields, NullTakesAClientOffItsPackageAndAbsenceLeavesIt) {
  Client client;
  client.package_id = 7;

  client = patched(client, parse(R"({"name":"Acme"})")).value();
  EXPECT_EQ(client.package_id, 7);
  client = patched(client, parse(R"({"package_id":null})")).value();
  EXPECT_EQ(client.package_id, std::nullopt);
}

TEST(ClientFields, EveryRejectedPlaceInAnOverrideIsNamed) {
  const auto found = issues(patched(
      Client{},
      parse(R"({"overrides":[{"feature_id":3,"value":true},{"feature_id":"x","value":1,"removed":true},)"
            R"({"value":1,"expires_at":"soon"},{"feature_id":3,"removed":true}]})")));

  EXPECT_EQ(found.at("/overrides/1/feature_id"), "must be an integer from 1 to 9007199254740991");
  EXPECT_EQ(found.at("/overrides/1/value"), "must be there unless removed is true, and then not");
  EXPECT_EQ(found.at("/overrides/2/feature_id"), "is required");
  EXPECT_EQ(found.count("/overrides/2/expires_at"), 1U);
  EXPECT_EQ(found.at("/overrides"), "names feature 3 twice");
}

json::object context_of(std::string_view body, std::vector<FieldIssue>* issues = nullptr) {
  const json::value parsed = parse(body);
  FieldReader in(parsed);
  auto context = read_context(in);
  if (const auto ok = in.finish(); !ok && issues != nullptr) *issues = ok.error().details;
  return context.value_or(json::object{});
}

TEST(Context, ATargetingKeyOfNullIsNone) {
  EXPECT_EQ(context_of(R"({"context":{"targetingKey":null,"plan":"gold"}})"),
            (json::object{{"plan", "gold"}}));
  EXPECT_EQ(context_of(R"({"context":{"targetingKey":"ann"}})"), (json::object{{"targetingKey", "ann"}}));
}

TEST(Context, ATargetingKeyIsReadAsPeopleTypeIt) {
  const auto key_of = [](const std::string& key) {
    return context_of(R"({"context":{"targetingKey":)" + key + "}}");
  };

  EXPECT_EQ(key_of(R"("")"), json::object{}) << "absent";
  for (const auto* number : {"25", "25.0", "2.5e1"})
    EXPECT_EQ(key_of(number), (json::object{{"targetingKey", "25"}})) << number;
  EXPECT_EQ(key_of("1.5"), (json::object{{"targetingKey", "1.5"}}));
  EXPECT_EQ(key_of("9007199254740993"), (json::object{{"targetingKey", "9007199254740993"}}));
}

TEST(Context, ATargetingKeyOfAnotherTypeIsRefused) {
  for (const auto* wrong : {"true", "[]", "{}"}) {
    std::vector<FieldIssue> issues;
    (void)context_of(std::string(R"({"context":{"targetingKey":)") + wrong + "}}", &issues);
    ASSERT_EQ(issues.size(), 1U) << wrong;
    EXPECT_EQ(issues[0].pointer, "/context/targetingKey");
  }
}

TEST(Client, ReadsBackWhatItWrites) {
  Client client;
  client.id = 3;
  client.key = "acme";
  client.name = "Acme";
  client.attributes = {{"country", "DE"}};

  const auto text = json::canonical(to_json(client));

  EXPECT_NE(text.find(R"("package_id":null)"), std::string::npos);
  EXPECT_EQ(json::canonical(to_json(Client::from_json(parse(text)).value())), text);
}

}  // namespace
}  // namespace togglecast::domain
