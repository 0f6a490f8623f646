// The types of gameroom.d.ts, proved against the code: this file compiles, or they differ.
import type * as face from "../../gameroom/web/gameroom.js";
import * as codec from "../../gameroom/web/sdk/codec.js";
import * as joining from "../../gameroom/web/sdk/joining.js";
import * as problem from "../../gameroom/web/sdk/problem.js";
import * as seat from "../../gameroom/web/sdk/seat.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;
type Result<T> = T extends (...given: never[]) => infer R ? R : T;
/** Members of which the code says nothing: `any` would fit every type. */
type Untyped<T> = { [Name in keyof T]: IsAny<T[Name]> extends true ? Name : IsAny<Result<T[Name]>> extends true ? Name : never }[keyof T];
const isTrue = <T extends true>(): T => true as T;
const isNever = <T extends never>(): T[] => [];

// What is exported has the type that is declared. A Seat is made by join() alone.
type Face = Omit<typeof face, "Seat">;
export const made: Face = { ...codec, ...joining, ...problem };
isTrue<Same<Parameters<typeof joining.join>, Parameters<typeof face.join>>>();
isTrue<Same<Parameters<typeof joining.look>, Parameters<typeof face.look>>>();
isTrue<Same<Parameters<typeof joining.whoAmI>, Parameters<typeof face.whoAmI>>>();
isTrue<Same<ConstructorParameters<typeof problem.RoomError>, ConstructorParameters<typeof face.RoomError>>>();
isNever<Untyped<Pick<typeof joining, "join" | "look" | "whoAmI">>>();

// A Seat has every member that is declared, of that type, and no other.
export const place = (one: seat.Seat): face.Seat => one;
isTrue<Same<keyof seat.Seat, keyof face.Seat>>();
isTrue<Same<keyof seat.Seat["dev"], keyof face.Seat["dev"]>>();
isTrue<Same<ReturnType<seat.Seat["meters"]>, face.Meters>>();
isNever<Untyped<seat.Seat>>();
isNever<Untyped<seat.Seat["dev"]>>();
