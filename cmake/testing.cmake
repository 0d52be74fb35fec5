# GoogleTest executables, and scripts as tests. ctest lists every test case on its own.
find_package(GTest REQUIRED)

# Packages are not instrumented: what ThreadSanitizer cannot know about them is in tests/tsan.supp. A report ends the test.
# Not ignore_noninstrumented_modules=1: with g++ it also hides what our own code does through memcpy and its like.
set(MILLRACE_TEST_ENVIRONMENT "")
if(MILLRACE_SANITIZE MATCHES "thread")
  set(MILLRACE_TEST_ENVIRONMENT
      "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp:halt_on_error=1")
elseif(MILLRACE_SANITIZE MATCHES "address")
  set(MILLRACE_TEST_ENVIRONMENT
      "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0")
endif()

#   millrace_test(<name> SOURCES <files> [DEPENDS <layers or targets>] [LABELS [serial] [full|soak]]
#                 [TIMEOUT <seconds>])
#
# Builds test_<name> with gtest_main and gmock, and registers every TEST as "<name>.<Suite>.<Case>". A layer may be
# written short: `DEPENDS state` links millrace_state. Test cases may run two at a time; the label `serial` makes them
# run alone. The labels `full` and `soak` keep them out of the default run; a test for every run carries neither.
#
# Sources see MILLRACE_SOURCE_DIR (the root of the repository, for fixtures and golden files). Each TEST runs in a
# process of its own: temporary files need names of their own (testing::TempDir() plus the process id).
#
# The sources of a test are compiled without optimisation in all builds, for these are a third of the time of a first build,
# and more with sanitizers; the library that they link is what users run.
#
# Tests are discovered when ctest runs, not when they are built, so that a build never runs what it builds.
function(millrace_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;DEPENDS;LABELS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "millrace_test(${name}): not understood: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "millrace_test(${name}): SOURCES is empty")
  endif()
  set(target test_${name})
  add_executable(${target} ${arg_SOURCES})
  foreach(dependency IN LISTS arg_DEPENDS)
    if(TARGET millrace_${dependency})
      set(dependency millrace_${dependency})
    endif()
    target_link_libraries(${target} PRIVATE ${dependency})
  endforeach()
  target_link_libraries(${target} PRIVATE GTest::gtest_main GTest::gmock)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE MILLRACE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0;-g0;-U_FORTIFY_SOURCE>
                                           $<$<CONFIG:RelWithDebInfo>:-O0>)

  millrace_test_properties(properties LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT})
  gtest_discover_tests(${target} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES ${properties})
endfunction()

#   millrace_script_test(<name> COMMAND <command and arguments> [LABELS <labels>] [TIMEOUT <seconds>])
#
# Registers a script. Exit code 0: passed; 77: skipped, and the last line it printed says why; else failed.
# It runs in the build folder and finds the programs in ./bin.
function(millrace_script_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_COMMAND)
    message(FATAL_ERROR "millrace_script_test(${name}): needs COMMAND; not understood: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77 LABELS "${arg_LABELS}")
  if(MILLRACE_TEST_ENVIRONMENT)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${MILLRACE_TEST_ENVIRONMENT}")
  endif()
  if("serial" IN_LIST arg_LABELS)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

# What gtest_discover_tests hands on to every test case. Two minutes are far more than a unit test needs; a sanitizer makes
# it slower up to twenty times.
# GoogleTest's CMake module loses lists within properties, hence at most one label beside `serial`.
function(millrace_test_properties result)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(MILLRACE_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
  endif()
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(MILLRACE_TEST_ENVIRONMENT)
    list(APPEND properties ENVIRONMENT ${MILLRACE_TEST_ENVIRONMENT})
  endif()
  if("serial" IN_LIST arg_LABELS)
    list(APPEND properties RUN_SERIAL TRUE)
    list(REMOVE_ITEM arg_LABELS serial)
  endif()
  list(LENGTH arg_LABELS count)
  if(count GREATER 1)
    message(FATAL_ERROR "millrace_test: at most one label beside `serial`, not: ${arg_LABELS}")
  endif()
  if(arg_LABELS)
    list(APPEND properties LABELS ${arg_LABELS})
  endif()
  set(${result} "${properties}" PARENT_SCOPE)
endfunction()

#   millrace_add_existing_folders(<folders>)
#
# Adds each of the folders that has a CMakeLists.txt.
function(millrace_add_existing_folders)
  foreach(folder IN LISTS ARGN)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()
