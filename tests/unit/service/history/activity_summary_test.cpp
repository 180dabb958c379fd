#include "service/history/activity_summary.hpp"

#include <gtest/gtest.h>

#include "service/history/activity_words.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::service {
namespace {

using domain::Kind;
using domain::Op;

json::value parsed(std::string_view text) { return json::parse(text).value(); }

Op op(Kind kind, std::string_view before, std::string_view after, domain::Id id = 1) {
  return {kind, id, parsed(before), parsed(after)};
}

class ActivitySummary : public ::testing::Test {
 protected:
  std::string told(const std::vector<Op>& ops, std::string_view actor = R"({"kind":"admin","name":"olga"})",
                   const domain::Snapshot* state = nullptr) {
    std::vector<const Op*> pointers;
    for (const Op& one : ops) pointers.push_back(&one);
    return summary_of(parsed(actor), pointers, state);
  }
  // The summary of one update: `members` are put beside a key and a name.
  std::string updated(Kind kind, std::string_view before, std::string_view after,
                      std::string_view key = R"("key":"x","name":"X")") {
    const auto body = [&](std::string_view members) {
      return "{" + std::string(key) + (members.empty() ? "" : "," + std::string(members)) + "}";
    };
    return told({op(kind, body(before), body(after))});
  }
};

TEST_F(ActivitySummary, SaysWhatCameAndWent) {
  EXPECT_EQ(told({op(Kind::platform, "null", R"({"key":"web","name":"Web"})")}), "olga created platform Web");
  EXPECT_EQ(told({op(Kind::feature, R"({"key":"search","name":"Search"})", "null")}),
            "olga deleted feature Search");
  EXPECT_EQ(told({op(Kind::segment, "null", R"({"key":"beta","name":"Beta testers"})")}),
            "olga created segment Beta testers");
  EXPECT_EQ(told({op(Kind::admin, "null", R"({"username":"ed","role":"editor"})")}),
            "olga added admin ed as editor");
}

TEST_F(ActivitySummary, SaysToWhichSideASwitchWasTurned) {
  EXPECT_EQ(updated(Kind::platform, R"("enabled":true,"revision":1)", R"("enabled":false,"revision":2)"),
            "olga switched platform X off");
  EXPECT_EQ(
      updated(Kind::feature, R"("enabled":false,"state":"DISABLED")", R"("enabled":true,"state":"ENABLED")"),
      "olga switched feature X on");
  EXPECT_EQ(updated(Kind::client, R"("active":true)", R"("active":false)"), "olga deactivated client X");
  EXPECT_EQ(updated(Kind::client, R"("active":false)", R"("active":true)"), "olga activated client X");
  EXPECT_EQ(updated(Kind::package, R"("available":true)", R"("available":false)"),
            "olga took package X off sale");
  EXPECT_EQ(updated(Kind::package, R"("available":false)", R"("available":true)"),
            "olga put package X on sale");
}

TEST_F(ActivitySummary, NamesTheMembersThatChanged) {
  EXPECT_EQ(updated(Kind::platform, R"("maintenance_note":"")", R"("maintenance_note":"soon")"),
            "olga changed the maintenance note of platform X");
  EXPECT_EQ(updated(Kind::segment, R"("rule":true)", R"("rule":false)"),
            "olga changed the rule of segment X");
  EXPECT_EQ(updated(Kind::feature, R"("a":1,"targeting":null,"enabled":true,"state":"ENABLED")",
                    R"("a":1,"targeting":{},"enabled":false,"state":"DISABLED")"),
            "olga changed targeting and state of feature X");
  EXPECT_EQ(updated(Kind::platform, R"("a":1,"b":1,"c":1,"d":1,"e":1)", R"("a":2,"b":2,"c":2,"d":2,"e":2)"),
            "olga changed a, b, c and 2 more of platform X");
  EXPECT_EQ(told({op(Kind::platform, R"({"key":"web","name":"Web"})", R"({"key":"web","name":"Shop"})")}),
            "olga renamed platform Web to Shop");
}

TEST_F(ActivitySummary, FollowsAClientFromPackageToPackage) {
  const auto moved = [&](std::string_view from, std::string_view to) {
    return updated(Kind::client, R"("package_id":)" + std::string(from),
                   R"("package_id":)" + std::string(to));
  };

  EXPECT_EQ(moved("1", "2"), "olga moved client X from package 1 to package 2");
  EXPECT_EQ(moved("null", "2"), "olga put client X on package 2");
  EXPECT_EQ(moved("1", "null"), "olga took client X off package 1");
  EXPECT_EQ(told({op(Kind::client, "null", R"({"key":"acme","name":"Acme","package_id":4})")}),
            "olga created client Acme on package 4");
}

TEST_F(ActivitySummary, TellsOfOverrides) {
  const auto overrides = [&](std::string_view before, std::string_view after) {
    return updated(Kind::client, R"("overrides":[)" + std::string(before) + "]",
                   R"("overrides":[)" + std::string(after) + "]");
  };
  constexpr const char* kOn = R"({"feature_id":7,"value":true})";
  constexpr const char* kOff = R"({"feature_id":7,"value":false,"expires_at":"2027-01-01T00:00:00.000Z"})";
  constexpr const char* kGone = R"({"feature_id":7,"removed":true})";

  EXPECT_EQ(overrides("", kOn), "olga set an override of feature 7 for client X (on)");
  EXPECT_EQ(overrides(kOn, kOff),
            "olga changed the override of feature 7 for client X (off, until 2027-01-01T00:00:00.000Z)");
  EXPECT_EQ(overrides("", kGone), "olga set an override of feature 7 for client X (taken away)");
  EXPECT_EQ(overrides(kOn, ""), "olga removed the override of feature 7 for client X");
  EXPECT_EQ(overrides(kOn, R"({"feature_id":8,"value":3})"), "olga changed 2 overrides of client X");
}

TEST_F(ActivitySummary, AnOverrideExpiresWithoutAnActor) {
  constexpr const char* kTimer = R"({"kind":"system","name":"togglecast","source":"timer"})";
  const auto expired = [](domain::Id client, const std::string& list) {
    const std::string name = R"({"key":"c","name":"C)" + std::to_string(client) + "\"";
    return op(Kind::client, name + R"(,"overrides":[)" + list + "]}", name + R"(,"overrides":[]})", client);
  };

  EXPECT_EQ(told({expired(1, R"({"feature_id":7})")}, kTimer), "override of feature 7 for client C1 expired");
  EXPECT_EQ(told({expired(1, R"({"feature_id":7})"), expired(2, R"({"feature_id":8})")}, kTimer),
            "overrides of feature 7 for client C1 and feature 8 for client C2 expired");
  EXPECT_EQ(told({expired(1, R"({"feature_id":7},{"feature_id":8})"),
                  expired(2, R"({"feature_id":7},{"feature_id":8})")},
                 kTimer),
            "4 overrides expired");
}

TEST_F(ActivitySummary, ATimeThatHasComeNamesTheFeaturesWithoutAnActor) {
  constexpr const char* kTimer = R"({"kind":"system","name":"togglecast","source":"timer"})";
  const auto turned = [](domain::Id id) {
    const std::string body = R"({"key":"f","name":"F)" + std::to_string(id) + "\"}";
    return op(Kind::feature, body, body, id);
  };
  const Op expired = op(Kind::client, R"({"key":"c","name":"C","overrides":[{"feature_id":1}]})",
                        R"({"key":"c","name":"C","overrides":[]})");

  EXPECT_EQ(told({turned(1)}, kTimer), "a time in the rules of feature F1 has come");
  EXPECT_EQ(told({turned(1), turned(2), turned(3)}, kTimer),
            "a time in the rules of features F1, F2 and F3 has come");
  EXPECT_EQ(told({turned(1), turned(2), turned(3), turned(4), turned(5)}, kTimer),
            "a time in the rules of features F1, F2 and 3 more has come");
  EXPECT_EQ(told({expired, turned(1)}, kTimer),
            "override of F1 for client C expired, and a time in the rules of feature F1 has come");
}

TEST_F(ActivitySummary, TellsOfAPackagesPriceAndFeatures) {
  const auto features = [&](std::string_view before, std::string_view after) {
    return updated(Kind::package, R"("features":[)" + std::string(before) + "]",
                   R"("features":[)" + std::string(after) + "]");
  };
  constexpr const char* kSeven = R"({"feature_id":7})";
  constexpr const char* kEight = R"({"feature_id":8})";
  constexpr const char* kLimited = R"({"feature_id":7,"limit":5})";

  EXPECT_EQ(updated(Kind::package, R"("price":{"amount":900,"currency":"EUR"})",
                    R"("price":{"amount":1250,"currency":"EUR"})"),
            "olga changed the price of package X from 9.00 EUR to 12.50 EUR");
  EXPECT_EQ(features("", kSeven), "olga added feature 7 to package X");
  EXPECT_EQ(features(kSeven, ""), "olga removed feature 7 from package X");
  EXPECT_EQ(features(kSeven, kLimited), "olga changed feature 7 in package X");
  EXPECT_EQ(features(kSeven, kEight), "olga changed the features of package X (1 added and 1 removed)");
}

TEST_F(ActivitySummary, TellsOfSubFeatures) {
  const auto subs = [&](std::string_view before, std::string_view after) {
    return updated(Kind::feature, R"("sub_features":[)" + std::string(before) + "]",
                   R"("sub_features":[)" + std::string(after) + "]");
  };
  constexpr const char* kOn = R"({"key":"pdf","name":"PDF","enabled":true,"state":"ENABLED"})";
  constexpr const char* kOff = R"({"key":"pdf","name":"PDF","enabled":false,"state":"DISABLED"})";

  EXPECT_EQ(subs("", kOn), "olga added sub-feature PDF to feature X");
  EXPECT_EQ(subs(kOn, ""), "olga removed sub-feature PDF from feature X");
  EXPECT_EQ(subs(kOn, kOff), "olga switched sub-feature PDF of feature X off");
  EXPECT_EQ(subs(kOn, R"({"key":"pdf","name":"Paper","enabled":true,"state":"ENABLED"})"),
            "olga changed sub-feature Paper of feature X");
}

TEST_F(ActivitySummary, TellsOfTokensAdminsAndPasswords) {
  constexpr const char* kToken =
      R"({"jti":"j","kind":"client","subject_id":3,"label":"checkout","revoked_at":null})";
  constexpr const char* kRevoked =
      R"({"jti":"j","kind":"client","subject_id":3,"label":"checkout","revoked_at":"x"})";
  const auto admin = [](std::string_view role, std::string_view changed) {
    return R"({"username":"ed","role":")" + std::string(role) + R"(","password_changed_at":")" +
           std::string(changed) + "\"}";
  };

  EXPECT_EQ(told({op(Kind::token, "null", kToken)}), "olga issued token 'checkout' for client 3");
  EXPECT_EQ(told({op(Kind::token, kToken, kRevoked)}), "olga revoked token 'checkout' of client 3");
  EXPECT_EQ(told({op(Kind::token, "null", R"({"jti":"j","kind":"admin","subject_id":1,"label":"login"})")}),
            "olga logged in");
  EXPECT_EQ(told({op(Kind::admin, admin("editor", "a"), admin("owner", "a"))}),
            "olga changed the role of admin ed from editor to owner");
  EXPECT_EQ(
      told({op(Kind::admin, admin("editor", "a"), admin("editor", "b")), op(Kind::token, kToken, "null")}),
      "olga changed the password of admin ed and withdrew 1 token");
}

TEST_F(ActivitySummary, SumsUpChangesOfManyThings) {
  const auto made = [](Kind kind, domain::Id id) {
    return op(kind, "null", R"({"key":"k","name":"N)" + std::to_string(id) + "\"}", id);
  };
  const auto changed = [](Kind kind, domain::Id id, bool enabled = true) {
    const std::string name = R"({"key":"k","name":"N)" + std::to_string(id) + R"(","enabled":)";
    return op(kind, name + (enabled ? "false}" : "true}"), name + (enabled ? "true}" : "false}"), id);
  };
  const Op gone = op(Kind::feature, R"({"key":"k","name":"Old"})", "null", 9);
  const Op patched =
      op(Kind::package, R"({"key":"p","name":"Pro","limit":1})", R"({"key":"p","name":"Pro","limit":2})");

  EXPECT_EQ(told({made(Kind::feature, 1), made(Kind::feature, 2)}), "olga created features N1 and N2");
  EXPECT_EQ(
      told({made(Kind::client, 1), made(Kind::client, 2), made(Kind::client, 3), made(Kind::client, 4)}),
      "olga created 4 clients");
  EXPECT_EQ(told({changed(Kind::platform, 1, false), changed(Kind::platform, 2, false)}),
            "olga switched platforms N1 and N2 off");
  EXPECT_EQ(told({changed(Kind::platform, 1, false), changed(Kind::platform, 2, true)}),
            "olga changed platforms N1 and N2");
  EXPECT_EQ(told({patched, gone}), "olga deleted feature Old, which changed 1 package");
  EXPECT_EQ(told({made(Kind::platform, 1), made(Kind::feature, 1), made(Kind::feature, 2), patched, gone}),
            "olga created 1 platform and 2 features, changed 1 package, deleted 1 feature");
}

TEST_F(ActivitySummary, SaysWhatAnUndoTookBack) {
  EXPECT_EQ(told({op(Kind::platform, R"({"key":"w","name":"Web","enabled":false})",
                     R"({"key":"w","name":"Web","enabled":true})")},
                 R"({"kind":"admin","name":"olga","undoes":41})"),
            "olga undid revision 41: switched platform Web on");
}

TEST_F(ActivitySummary, KnowsTheServerItself) {
  const Op made = op(Kind::platform, "null", R"({"key":"web","name":"Web"})");

  EXPECT_EQ(told({made}, R"({"kind":"system","name":"togglecast","source":"start"})"),
            "Togglecast created platform Web");
  EXPECT_EQ(told({made}, R"({"kind":"system","name":"togglecast","source":"command_line"})"),
            "the command line created platform Web");
  EXPECT_EQ(told({made}, "null"), "somebody created platform Web");
  EXPECT_EQ(told({}), "time passed");
}

TEST(ActivityWords, AreBoundedAndReadable) {
  EXPECT_EQ(enumeration({"a"}), "a");
  EXPECT_EQ(enumeration({"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(enumeration({"a", "b", "c", "d", "e"}), "a, b and 3 more");
  EXPECT_EQ(price_text(parsed(R"({"amount":5,"currency":"EUR"})")), "0.05 EUR");
  EXPECT_EQ(price_text(parsed(R"({"amount":1500,"currency":"JPY"})")), "1500 JPY");
  EXPECT_EQ(price_text(parsed(R"({"amount":1500,"currency":"KWD"})")), "1.500 KWD");
  EXPECT_EQ(value_text(parsed(R"({"a":1})")), "a value");
  EXPECT_EQ(value_text(parsed(R"("red")")), "'red'");
}

TEST(ActivityWords, CutLongNamesBetweenCharacters) {
  std::string long_name;
  for (int i = 0; i < 60; ++i) long_name += "ä";
  const Op named{Kind::platform, 1, nullptr, json::object{{"key", "k"}, {"name", long_name}}};
  const Op* pointer = &named;

  const std::string text = Names({&pointer, 1}, nullptr).of(Kind::platform, 1);

  EXPECT_EQ(text, long_name.substr(0, 80) + "…");
}

}  // namespace
}  // namespace togglecast::service
