import 'reflect-metadata';

/** A decorator for a handler or for its class. */
export type RouteDecorator = MethodDecorator & ClassDecorator;

/**
 * `decorator`, but an error where its `key` stands already: of two, the upper would silently
 * replace the lower, and what that one demanded would go unenforced.
 */
export function declaredOnce(name: string, key: string, decorator: RouteDecorator): RouteDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor) => {
    const subject = (descriptor ? descriptor.value : target) as object & { name?: string };
    if (Reflect.hasOwnMetadata(key, subject)) {
      throw new TypeError(`@${name}() stands twice on ${subject.name}: say all of it in one.`);
    }
    Reflect.apply(decorator, undefined, [target, property, descriptor]);
  };
}
