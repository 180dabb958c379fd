#include "adapters/codec/python_codec.hpp"

#include <gmock/gmock.h>

#include "support/hex.hpp"

namespace togglecast::adapters {
namespace {

using test::from_hex;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <typename T>
T python(std::string_view bytes) {
  const auto read = read_python(bytes);
  if (!read || !*read) {
    ADD_FAILURE() << (read ? "no message" : read.error().message);
    return T{};
  }
  return std::get<T>((*read)->body);
}

std::string event_of(std::string_view bytes) {
  return json::serialize(python<PythonEmit>(bytes).message.event.values);
}

TEST(PythonCodec, DataOfOldVersionsIsOneArgumentUnlessItIsATuple) {
  EXPECT_EQ(event_of(R"({"method":"emit","event":"e","data":[1,2]})"), R"(["e",[1,2]])");
  EXPECT_EQ(event_of(R"({"method":"emit","event":"e","data":null})"), R"(["e"])");
  EXPECT_EQ(event_of(R"({"method":"emit","event":"e"})"), R"(["e"])");
  const auto tuple =
      python<PythonEmit>(from_hex("80049548000000000000007d94288c066d6574686f64948c04656d6974948c056576656e74"
                                  "948c026576948c0464617461944b01"
                                  "8c0374776f94430200ff9487948c096e616d657370616365948c012f94752e"));
  EXPECT_EQ(json::serialize(tuple.message.event.values), R"(["ev",1,"two",{"_placeholder":true,"num":0}])");
}

TEST(PythonCodec, DataOfNewVersionsIsTheArguments) {
  EXPECT_EQ(event_of(R"({"method":"emit","event":"e","binary":false,"data":[1,[2]]})"), R"(["e",1,[2]])");
  const auto binary = python<PythonEmit>(
      R"({"method":"emit","event":"e","binary":true,"data":[["x",{"_placeholder":true,"num":0}],"AQI="]})");
  EXPECT_EQ(json::serialize(binary.message.event.values), R"(["e","x",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(binary.message.event.attachments.at(0).view(), "\1\2");
}

TEST(PythonCodec, RoomsMayBeOneOrMany) {
  const auto rooms = [](const char* room) {
    return python<PythonEmit>(std::string(R"({"method":"emit","event":"e","room":)") + room + "}")
        .message.targets.rooms;
  };
  EXPECT_THAT(rooms("null"), IsEmpty());
  EXPECT_THAT(rooms(R"("r")"), ElementsAre("r"));
  EXPECT_THAT(rooms(R"(["r",5])"), ElementsAre("r", "5"));
  EXPECT_THAT(python<PythonEmit>(R"({"method":"emit","event":"e","skip_sid":"s"})").message.targets.except,
              ElementsAre("s"));
}

TEST(PythonCodec, OtherMethods) {
  EXPECT_THAT(python<DisconnectMessage>(R"({"method":"disconnect","sid":"s","namespace":"/"})").targets.rooms,
              ElementsAre("s"));
  EXPECT_THAT(python<LeaveMessage>(R"({"method":"close_room","room":"r"})").rooms, ElementsAre("r"));
  EXPECT_THAT(python<JoinMessage>(R"({"method":"enter_room","sid":"s","room":"r"})").rooms, ElementsAre("r"));
  EXPECT_THAT(python<LeaveMessage>(R"({"method":"leave_room","sid":"s","room":"r"})").targets.rooms,
              ElementsAre("s"));
  EXPECT_FALSE(*read_python(R"({"method":"callback","host_id":"h"})"));
  EXPECT_EQ((*read_python(R"({"method":"emit","event":"e","namespace":null})"))->nsp, "/");
}

TEST(PythonCodec, CallbacksGoBackToTheirHost) {
  const auto emit =
      python<PythonEmit>(R"({"method":"emit","event":"e","room":"r","callback":["r","/n",7],"host_id":"h"})");

  ASSERT_TRUE(emit.callback);
  EXPECT_EQ(
      write_python_callback(*emit.callback, socketio::arguments("a", socketio::Binary{SharedBytes("b")})),
      R"({"method":"callback","host_id":"h","sid":"r","namespace":"/n","id":7,"args":["a",null]})");
  EXPECT_FALSE(python<PythonEmit>(R"({"method":"emit","event":"e","callback":null,"host_id":"h"})").callback);
}

TEST(PythonCodec, RefusesWhatIsMalformed) {
  for (const char* text :
       {"{}", R"({"method":5})", R"({"method":"emit"})", R"({"method":"emit","event":7})",
        R"({"method":"emit","event":"connect"})", R"({"method":"emit","event":"e","room":{}})",
        R"({"method":"disconnect"})", R"({"method":"enter_room","sid":"s"})", "[1]"})
    EXPECT_FALSE(read_python(text)) << text;
}

}  // namespace
}  // namespace togglecast::adapters
